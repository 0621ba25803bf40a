"""``list``: what can be trained, with the presets' main numbers."""

import argparse

from gan_lessons.command.parser import PROGRAM, settings
from gan_lessons.experiments.trainable import EXPERIMENTS

MAIN = ("image_size", "hidden", "width", "steps", "batch_size", "precision")


def print_list(typed: argparse.Namespace) -> int:
    """Print each experiment, and return 0."""
    for name, experiment in EXPERIMENTS.items():
        print(f"{name:14} {experiment.description}")
        for preset, config in experiment.presets.items():
            values = settings(config)
            shown = [f"{key} {values[key]}" for key in MAIN if key in values]
            print(f"    {preset:10} {', '.join(shown)}")
    print(f"\nAll settings of one: {PROGRAM} train EXPERIMENT --help")
    return 0
