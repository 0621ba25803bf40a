"""What is recorded of two styles of emoji: unpaired runs and their paired bound (chapter 16).

``python -m gan_lessons.experiments.cycle_emoji_report [preset] [device] [minutes]`` makes the runs
that ``book/runs/cycle_emoji_<preset>.json`` lacks, each saved when it is done; ``cycle_emoji`` says
where the pictures are looked for.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from typing import Any

import torch

from gan_lessons.experiments._one_by_one import Run, finish, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_emoji import (
    EMOJI_PRESETS,
    Emoji,
    EmojiConfig,
    load_emoji,
    make_paired,
    measure_emoji,
)
from gan_lessons.experiments.trainable_translation import make_unpaired

SEEDS = (1000, 1001)  # of the unpaired runs; the paired ones are of the first


def run_unpaired(config: EmojiConfig, emoji: Emoji, device: torch.device | str) -> dict[str, Any]:
    """Train a CycleGAN without pairs, and measure it on the pairs that it has not seen.

    Parameters
    ----------
    config, emoji, device
        Settings, pictures, and where to train.
    """
    gan = make_unpaired(config.recipe, device)
    finish(gan, emoji.draw)
    return measure_emoji(gan.translate, partial(gan.translate, direction="ba"), emoji)


def run_paired(config: EmojiConfig, emoji: Emoji, device: torch.device | str) -> dict[str, Any]:
    """Train a Pix2Pix in each direction on true pairs, and measure both as one.

    Parameters
    ----------
    config, emoji, device
        As in ``run_unpaired``.
    """
    there, back = make_paired(config, device), make_paired(config, device)
    finish(there, emoji.draw_pairs)
    finish(back, lambda n, rng: emoji.draw_pairs(n, rng)[::-1])
    return measure_emoji(there.translate, back.translate, emoji)


def all_runs(
    config: EmojiConfig,
    device: torch.device | str = "cpu",
    seeds: tuple[int, ...] = SEEDS,
    load: Callable[[], Emoji] = load_emoji,
) -> dict[str, Run]:
    """Return the runs "unpaired, seed" and "paired, seed", to be made in this order.

    Parameters
    ----------
    config
        Settings.
    device
        Where to train.
    seeds
        Of the unpaired runs; the first is that of the paired ones, too.
    load
        Reads the pictures.
    """
    check_counts(seeds, "seeds", minimum=0)

    @cache
    def emoji() -> Emoji:
        read = load()
        a, b, partners = (part.to(device) for part in (read.a, read.b, read.partners_of_a))
        return read._replace(a=a, b=b, partners_of_a=partners, margin=config.recipe.margin)

    def one(seed: int, paired: bool) -> dict[str, Any]:
        recipe = replace(config.recipe, training=replace(config.recipe.training, seed=seed))
        run = run_paired if paired else run_unpaired
        return run(replace(config, recipe=recipe), emoji(), device)

    plan = [("unpaired", seeds[0]), ("paired", seeds[0])]
    plan += [("unpaired", seed) for seed in seeds[1:]]
    return {f"{name}, {seed}": partial(one, seed, name == "paired") for name, seed in plan}


def read_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return ``preset``, ``device`` and ``minutes`` of the command line.

    Parameters
    ----------
    words
        What was typed behind the module's name; None takes it from the command line.

    Raises
    ------
    SystemExit
        If a word is none of those that are wanted; what is wanted has been printed.
    """
    parser = argparse.ArgumentParser(prog="cycle_emoji_report")
    parser.add_argument("preset", nargs="?", default="laptop", choices=[*EMOJI_PRESETS])
    parser.add_argument("device", nargs="?", default="cpu")
    parser.add_argument("minutes", nargs="?", type=float)
    return parser.parse_args(words)


if __name__ == "__main__":
    typed = read_arguments()
    if typed.device == "cpu":
        torch.set_num_threads(1)
    chosen = EMOJI_PRESETS[typed.preset]
    settings = {**asdict(chosen), "device": typed.device, "seeds": SEEDS}
    runs = all_runs(chosen, typed.device)
    left = record_one_by_one(f"cycle_emoji_{typed.preset}", settings, runs, typed.minutes)
    print(f"{left} runs are missing")
