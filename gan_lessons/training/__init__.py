"""Training: the loop a student reads is the loop that runs.

A tour, in the order to read it:

- ``steps``: the two updates, ten lines each. This is the algorithm.
- ``system``: what can be trained: ``step``, ``state_dict``, ``load_state_dict``; ``state``:
  ``GANState``, a generator and a discriminator with optimizers, averaged weights and random state.
- ``loop``: ``train(system, data, config)``, a generator of records: ``for record in train(...)``.
- ``config``: every number of a run; ``records``: what a run reports, and ``TrainingDiverged``.
- ``sampling``: where real batches come from; ``ema``: averaged weights; ``device``: where to
  train, and what repeats there; ``progress``: a bar.
- ``precision``: number formats, memory layout, compilation; ``optimizers``: Adam; ``prefetch``:
  data too large for a GPU; ``interrupts``: Ctrl-C between steps.
- ``checkpoint``: files to go on from; ``checkpoint_folder``: the last few of a run and its best;
  ``checkpoint_file``: what is in them.
- ``ranks`` and ``distributed``: the same training on many devices, under ``torchrun``.
- ``seeds`` and ``ensemble``: many independent GANs as one batched computation; ``stacked``: their
  networks; ``per_seed``: what each does for itself.
- ``diagnose``: what a history says about the run, by ``findings``; ``histories``: what it may
  hold for that.
"""

from gan_lessons.training.checkpoint import load_checkpoint, save_checkpoint
from gan_lessons.training.checkpoint_file import Checkpoint, read_checkpoint
from gan_lessons.training.checkpoint_folder import CheckpointFolder
from gan_lessons.training.config import TrainConfig
from gan_lessons.training.device import choose_device, repeatability, seeded_generator
from gan_lessons.training.diagnose import diagnose
from gan_lessons.training.distributed import Distributed
from gan_lessons.training.ema import EMA
from gan_lessons.training.ensemble import GANSeeds
from gan_lessons.training.findings import FINDINGS, Finding
from gan_lessons.training.histories import SampleSpread, sample_spread, seed_history
from gan_lessons.training.loop import train
from gan_lessons.training.per_seed import seeded_networks
from gan_lessons.training.progress import progress
from gan_lessons.training.ranks import Ranks, process_group
from gan_lessons.training.records import Record, TrainingDiverged, history
from gan_lessons.training.seeds import SeedsRecord, train_seeds
from gan_lessons.training.state import GANState
from gan_lessons.training.steps import (
    DiscriminatorUpdate,
    discriminator_step,
    generator_step,
    weighted_penalty,
)
from gan_lessons.training.system import System, networks_of, optimizers_of

__all__ = [
    "EMA",
    "FINDINGS",
    "Checkpoint",
    "CheckpointFolder",
    "DiscriminatorUpdate",
    "Distributed",
    "Finding",
    "GANSeeds",
    "GANState",
    "Ranks",
    "Record",
    "SampleSpread",
    "SeedsRecord",
    "System",
    "TrainConfig",
    "TrainingDiverged",
    "choose_device",
    "diagnose",
    "discriminator_step",
    "generator_step",
    "history",
    "load_checkpoint",
    "networks_of",
    "optimizers_of",
    "process_group",
    "progress",
    "read_checkpoint",
    "repeatability",
    "sample_spread",
    "save_checkpoint",
    "seed_history",
    "seeded_generator",
    "seeded_networks",
    "train",
    "train_seeds",
    "weighted_penalty",
]
