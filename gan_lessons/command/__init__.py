"""The command line: ``python -m gan_lessons train``, ``list``, ``sample`` and ``translate``.

A tour: ``parser`` says what may be typed, and makes a flag of every field of an experiment's
settings; ``train`` is the run, ``run_folder`` what it leaves behind (run.json, history.csv),
``pictures`` its samples as PNG files; ``sample`` draws from a checkpoint, ``translate`` applies a
CycleGAN to whole images, ``listing`` prints what there is to train. What can be trained stands in
``gan_lessons.experiments.trainable``.
"""

from gan_lessons.command.main import main

__all__ = ["main"]
