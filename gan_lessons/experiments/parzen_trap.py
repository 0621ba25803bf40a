"""Parzen windows on digits: true images against k-means centroids (chapter 1, figure "trap").

Run it again, with other sizes or splits, by ``python -m gan_lessons.experiments.parzen_trap``.
"""

import time
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.data import load
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.recorded import save_recorded
from gan_lessons.metrics import parzen_bandwidth, parzen_log_likelihood

N_DIGITS = 1797


@dataclass(frozen=True)
class TrapConfig:
    """Settings of the experiment.

    Parameters
    ----------
    sizes
        How many centres: true images, or centroids.
    n_train, n_validation
        Images of a split for the centres and for the choice of the bandwidth; the rest is the
        test set.
    bandwidths
        Candidates, in units of a pixel that runs from 0 (paper) to 1 (ink).
    splits
        Number of random splits; the seed of split s is s.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size, or no digit is left for the test set.
    """

    sizes: tuple[int, ...] = (50, 100, 200, 500)
    n_train: int = 1000
    n_validation: int = 400
    bandwidths: tuple[float, ...] = (0.11, 0.125, 0.14, 0.16, 0.18, 0.2, 0.225, 0.25)
    splits: int = 20

    def __post_init__(self) -> None:
        check_counts(self.sizes, "sizes")
        check_count(self.n_train, "n_train")
        check_count(self.n_validation, "n_validation")
        check_count(self.splits, "splits")
        for i, bandwidth in enumerate(self.bandwidths):
            check_positive(bandwidth, f"bandwidths[{i}]")
        if self.n_train + self.n_validation >= N_DIGITS:
            raise ValueError(
                f"n_train + n_validation must be below {N_DIGITS}, the number of digits, "
                f"got {self.n_train} + {self.n_validation}."
            )
        if max(self.sizes) > self.n_train:
            raise ValueError(f"sizes must be at most n_train = {self.n_train}, got {self.sizes}.")


def digit_pixels() -> Tensor:
    """Return all 1,797 digits as rows (1797, 64) of pixels in [0, 1], float64."""
    return (load("digits", split="all").images.flatten(1).double() + 1) / 2


def split_digits(seed: int, config: TrapConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Return training, validation and test images (n, 64) of one random split."""
    pixels = digit_pixels()
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(seed))
    a, b = config.n_train, config.n_train + config.n_validation
    return pixels[order[:a]], pixels[order[a:b]], pixels[order[b:]]


def centroids(images: Tensor, k: int, seed: int = 0) -> Tensor:
    """Return the k centroids (k, d) that k-means finds among images (n, d).

    Parameters
    ----------
    images
        Shape (n, d).
    k
        Number of centroids, at most n.
    seed
        Seed of scikit-learn's k-means, one start.
    """
    from sklearn.cluster import KMeans

    found = KMeans(k, n_init=1, random_state=seed).fit(images.numpy())
    return torch.from_numpy(found.cluster_centers_).to(images)


def score(centres: Tensor, validation: Tensor, test: Tensor, config: TrapConfig) -> float:
    """Return the mean test log-likelihood of windows on ``centres``, width from validation."""
    width = parzen_bandwidth(validation, centres, config.bandwidths)
    return float(parzen_log_likelihood(test, centres, width).mean())


def run_split(seed: int, config: TrapConfig) -> dict[str, list[float]]:
    """Return the scores of one split over ``sizes``: true images, centroids; and of all images.

    Parameters
    ----------
    seed
        Seed of the split and of k-means.
    config
        Settings.

    Returns
    -------
    dict
        ``{"true": [...], "centroids": [...], "all": [one score]}`` in nats.
    """
    train, validation, test = split_digits(seed, config)
    return {
        "true": [score(train[:k], validation, test, config) for k in config.sizes],
        "centroids": [
            score(centroids(train, k, seed), validation, test, config) for k in config.sizes
        ],
        "all": [score(train, validation, test, config)],
    }


def run(config: TrapConfig) -> dict[str, list[list[float]]]:
    """Return the scores of ``run_split`` for every split: for each key (splits, sizes).

    Parameters
    ----------
    config
        Settings.
    """
    rows = [run_split(seed, config) for seed in range(config.splits)]
    return {name: [[round(v, 3) for v in row[name]] for row in rows] for name in rows[0]}


if __name__ == "__main__":
    started = time.perf_counter()
    settings = TrapConfig()
    scores = run(settings)
    print(save_recorded("parzen_trap", asdict(settings), scores, time.perf_counter() - started))
