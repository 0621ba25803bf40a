"""``translate RUN IMAGES``: one image or a folder of them, whole, by a run of ``unpaired``."""

import argparse
import warnings
from pathlib import Path

from gan_lessons._validation import check_count
from gan_lessons.command.errors import UsageError, usage_errors
from gan_lessons.command.sample import load_run
from gan_lessons.data.folder import image_files, listed, read_picture, reason_of, require_pillow
from gan_lessons.experiments.pictures import save_grid
from gan_lessons.models import CycleGAN


def translate_images(typed: argparse.Namespace) -> int:
    """Write a PNG for each image, and return 0."""
    pairs = _pairs(typed.images, typed.out)
    if typed.size is not None:
        with usage_errors():
            check_count(typed.size, "size", minimum=8)
    name, config, gan = load_run(typed.checkpoint, typed.device)
    if not isinstance(gan, CycleGAN):
        raise UsageError(f"CHECKPOINT must be of a run of unpaired, got one of {name}.")
    with usage_errors():
        require_pillow()
    failed = []
    for source, target in pairs:
        try:
            picture = read_picture(source, config.channels, typed.size)
            made = gan.translate(picture, typed.direction)
        except MemoryError:
            raise
        except Exception as error:  # a damaged file may raise whatever its bytes say
            failed.append(f"{source.name} ({reason_of(source, error)})")
            continue
        save_grid(made, target, zoom=1, gap=0)
    if len(failed) == len(pairs):
        raise UsageError(f"IMAGES must be images that can be read, got {listed(failed)}.")
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(pairs)} images cannot be translated and were skipped: "
            f"{listed(failed)}.",
            stacklevel=2,
        )
    print(
        f"{typed.out}: {len(pairs) - len(failed)} of {len(pairs)} images translated "
        f"({typed.direction}) at step {gan.steps_done}"
    )
    return 0


def _pairs(source: Path, out: Path) -> list[tuple[Path, Path]]:
    """Return each image with the file that its translation goes to."""
    if source.is_file():
        if out.suffix.lower() != ".png":
            raise UsageError(f"--out must be a file that ends in .png for one image, got {out}.")
        if out.resolve() == source.resolve():
            raise UsageError(f"--out must be another file than the image, got {out}.")
        return [(source, out)]
    if not source.is_dir():
        raise UsageError(f"IMAGES must be an image or a folder of images; {source} is not there.")
    if out.suffix.lower() == ".png" or out.is_file():
        raise UsageError(f"--out must be a folder where IMAGES is one, got the file {out}.")
    if out.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"--out must not lie in the folder of the images, got {out}.")
    files = image_files(source)
    if not files:
        raise UsageError(f"IMAGES must hold images; in {source} there is none.")
    targets = [out / file.relative_to(source).with_suffix(".png") for file in files]
    twice = {target for target in targets if targets.count(target) > 1}
    # a.jpg and a.png keep both: their whole names are in that of the PNG
    return [
        (file, target.with_name(f"{file.name}.png") if target in twice else target)
        for file, target in zip(files, targets, strict=True)
    ]
