"""What may be typed: four commands, and a flag for every field of an experiment's settings."""

import argparse
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from gan_lessons import __version__
from gan_lessons.command.errors import UsageError
from gan_lessons.experiments.trainable import EXPERIMENTS

PROGRAM = "python -m gan_lessons"

#: One line for each setting; the docstrings of the settings say more.
HELP = {
    "n_modes": "modes of the ring",
    "radius": "radius of the ring",
    "side": "modes along an edge of the grid",
    "spacing": "distance between neighbours of the grid",
    "std": "standard deviation of a mode",
    "hidden": "units in a hidden layer",
    "layers": "hidden layers",
    "image_size": "side of the images in pixels: 8, 16, 28, 32 or 64 (unpaired: a multiple of 4)",
    "margin": "training images are read with so many pixels more than the windows cut out of them",
    "flip": "half of the training images are mirrored",
    "channels": "1 for grey, 3 for colour",
    "width": "maps of G's last and D's first layer; deeper ones have more",
    "n_blocks": "residual blocks of a generator",
    "n_layers": "halvings in a discriminator; what one of its logits sees grows with it",
    "max_shift": "images are shifted by up to so many pixels before D sees them",
    "fan_in_start": "D's first weights from its fan-in, not of standard deviation 0.02",
    "objective": "what D and G minimise, a key of OBJECTIVES",
    "steps": "length of the run; one that is continued goes on to this step",
    "batch_size": "real samples per update (on all devices together)",
    "z_dim": "dimension of the latent z",
    "d_steps": "D's updates per step",
    "g_lr": "G's learning rate",
    "d_lr": "D's learning rate",
    "betas": "Adam's two decays",
    "r1_gamma": "weight of the R1 penalty",
    "r2_gamma": "weight of the R2 penalty",
    "gp_weight": "weight of the gradient penalty of WGAN-GP",
    "instance_noise": "standard deviation of the noise on what D sees",
    "ema_decay": "decay of the average of G's weights; 0: none",
    "log_every": "steps between two rows of history.csv",
    "seed": "seed of the weights and of all that is drawn",
    "precision": "float32, tf32 or bfloat16",
    "compile": "compile the whole step; only the networks' passes if it has penalties, noise, "
    "shifts or several updates of D",
    "decay_from": "steps with the whole learning rate",
    "decay_steps": "steps over which it then falls to zero; 0: it stays",
    "forward_weight": "weight of the cycle a -> b -> a",
    "backward_weight": "weight of the cycle b -> a -> b",
    "identity_weight": "weight of the identity losses; 0 leaves them out",
    "adversarial_weight": "weight of the objective in the generators' loss",
    "pool_size": "generated images of earlier steps kept for each discriminator",
    "channels_last": "images in memory with the channel as the fastest index",
}


class Parser(argparse.ArgumentParser):
    """A parser that leaves the message and the exit status to ``main``."""

    def error(self, message: str) -> NoReturn:
        """Raise what ends the program with exit status 2."""
        raise UsageError(f"{message}. See: {self.prog} --help")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = Parser(prog=PROGRAM, description="Train the GANs of the book, and draw from them.")
    parser.add_argument("--version", action="version", version=f"gan-lessons {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a GAN", description="Train a GAN.")
    kinds = train.add_subparsers(dest="experiment", required=True, metavar="EXPERIMENT")
    for name, experiment in EXPERIMENTS.items():
        kind = kinds.add_parser(
            name,
            help=experiment.description,
            description=f"Train a GAN on {experiment.description}.",
            usage=f"{PROGRAM} train {name} [--out FOLDER] [--resume] [other flags]",
        )
        _add_run_flags(kind)
        _add_settings(kind, experiment.presets)
    commands.add_parser("list", help="print what can be trained, with the presets' main numbers")
    _add_sample(commands.add_parser("sample", help="draw samples from a checkpoint as a PNG"))
    _add_translate(commands.add_parser("translate", help="translate images by a run of unpaired"))
    return parser


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Add what every training run takes, whatever is trained."""
    run = parser.add_argument_group("the run")
    run.add_argument("--preset", choices=("laptop", "full"), help="default: full on a GPU")
    run.add_argument("--device", help="cpu, cuda, cuda:1 or mps; default: the best there is")
    run.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder for all results; default: runs/NAME"
    )
    run.add_argument("--resume", action="store_true", help="go on with the run in --out, if any")
    run.add_argument("--data", type=Path, metavar="FOLDER", help="where the images are")
    run.add_argument("--download", action="store_true", help="download a data set if missing")
    run.add_argument("--stream", action="store_true", help="keep the images off the GPU")
    run.add_argument(
        "--save-every", type=int, metavar="STEPS",
        help="steps between two checkpoints with pictures, a multiple of --log-every; "
        "default: about a tenth of the run",
    )  # fmt: skip
    run.add_argument(
        "--tensorboard", action=argparse.BooleanOptionalAction,
        help="write events for TensorBoard; default: if it is installed",
    )  # fmt: skip


def _add_settings(parser: argparse.ArgumentParser, presets: Mapping[str, Any]) -> None:
    """Add one flag for each field of the settings; the help says what the presets have."""
    group = parser.add_argument_group("settings, in place of the preset's")
    values = {name: settings(config) for name, config in presets.items()}
    for name, default in values["laptop"].items():
        in_full = values["full"][name]
        shown = _text(default) + ("" if in_full == default else f"; full: {_text(in_full)}")
        options: dict[str, Any] = {
            "dest": name,
            "default": argparse.SUPPRESS,  # so that only what was typed is there
            "help": f"{HELP[name]} ({shown})",
        }
        if isinstance(default, bool):
            options["action"] = argparse.BooleanOptionalAction
        elif isinstance(default, tuple):
            options |= {"type": type(default[0]), "nargs": len(default), "metavar": "NUMBER"}
        else:
            options |= {"type": type(default)}
            options["metavar"] = "NAME" if isinstance(default, str) else "NUMBER"
        group.add_argument(f"--{name.replace('_', '-')}", **options)


def _add_sample(parser: argparse.ArgumentParser) -> None:
    """Add what ``sample`` takes."""
    parser.description = "Draw samples from a checkpoint, with the averaged weights, as a PNG."
    parser.add_argument("checkpoint", type=Path, help="a file of a run, or the run's folder")
    parser.add_argument("--n", type=int, default=64, help="how many (64)")
    parser.add_argument("--out", type=Path, default=Path("samples.png"), help="the .png file")
    parser.add_argument("--seed", type=int, default=0, help="of the latent z (0)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (cpu)")


def _add_translate(parser: argparse.ArgumentParser) -> None:
    """Add what ``translate`` takes."""
    parser.description = (
        "Translate an image, or all images of a folder, whole and at their own size, with the "
        "averaged weights of a run of unpaired."
    )
    parser.add_argument("checkpoint", type=Path, help="a file of a run, or the run's folder")
    parser.add_argument("images", type=Path, help="an image, or a folder of images")
    parser.add_argument("--direction", choices=("ab", "ba"), default="ab", help="from A to B (ab)")
    parser.add_argument(
        "--out", type=Path, required=True, help="a .png file for an image, a folder for a folder"
    )
    parser.add_argument("--size", type=int, help="shorter side in pixels first; default: as it is")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (cpu)")


def _text(value: object) -> str:
    """Return a setting as one would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def settings(config: Any) -> dict[str, Any]:
    """Return all settings of an experiment by name, those of ``training`` among them."""
    names = [field.name for field in fields(config) if field.name != "training"]
    own = {name: getattr(config, name) for name in names}
    training = {f.name: getattr(config.training, f.name) for f in fields(config.training)}
    return {**own, **training}


def with_settings(config: Any, changes: Mapping[str, Any]) -> Any:
    """Return ``config`` with other settings, those of ``training`` among them."""
    own = {field.name for field in fields(config)}
    training = {name: value for name, value in changes.items() if name not in own}
    others = {name: value for name, value in changes.items() if name in own}
    return replace(config, training=replace(config.training, **training), **others)
