"""Digits to garments: translation where no truth exists (chapter 16).

``python -m gan_lessons.experiments.cycle_fashion [minutes]`` makes the runs that
``book/runs/cycle_fashion.json`` lacks; it needs the files of Fashion-MNIST. The networks are those
of the digits whose truth is known; images are grey in three channels.
"""

import sys
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.data import Labelled, load
from gan_lessons.experiments._one_by_one import Run, finish, record_one_by_one
from gan_lessons.experiments._settings import check_counts
from gan_lessons.experiments.cycle_assignments import count_table
from gan_lessons.experiments.cycle_digits import (
    FIRST_RECIPE,
    IMAGE_SIZE,
    CycleDigitsConfig,
    make_cyclegan,
)
from gan_lessons.experiments.cycle_measures import difference, one_of_each
from gan_lessons.experiments.digits_gan import pack_images, unpack_images
from gan_lessons.metrics import ClassifierFeatures, classifier_features, frechet_distance
from gan_lessons.models import CycleGAN
from gan_lessons.models.cyclegan import Direction


@dataclass(frozen=True)
class FashionConfig:
    """The recorded runs.

    Parameters
    ----------
    recipe
        Networks and numbers of a run, those of the digits' first recipe; its style is not used.
    seeds
        One run for each; of the first two pictures are kept.
    n_garments, n_test
        Garments for training, the first of the training part, and for measuring.
    epochs
        Passes of the judging classifiers over their training images.

    Raises
    ------
    TypeError, ValueError
        If a setting has the wrong type or size.
    """

    recipe: CycleDigitsConfig = FIRST_RECIPE
    seeds: tuple[int, ...] = tuple(range(1000, 1006))
    n_garments: int = 6000
    n_test: int = 1000
    epochs: int = 6

    def __post_init__(self) -> None:
        check_counts(self.seeds, "seeds", minimum=0)
        for name in ("n_garments", "n_test", "epochs"):
            check_count(getattr(self, name), name)


class Material(NamedTuple):
    """Digits and garments (n, 1, 16, 16) with classes, and who judges each kind.

    Parameters
    ----------
    digits, garments
        For training.
    test_digits, test_garments
        For measuring.
    of_digits, of_garments
        Classifiers.
    """

    digits: Labelled
    garments: Labelled
    test_digits: Labelled
    test_garments: Labelled
    of_digits: ClassifierFeatures
    of_garments: ClassifierFeatures

    def draw(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return n images of each domain (n, 3, 16, 16), drawn independently."""
        digits, garments = self.digits.images, self.garments.images
        rows = (torch.randint(len(part), (n,), generator=rng) for part in (digits, garments))
        return _in_three(digits[next(rows)]), _in_three(garments[next(rows)])


def _in_three(images: Tensor) -> Tensor:
    """Return grey images in three equal channels."""
    return images.expand(-1, 3, -1, -1)


def make_material(config: FashionConfig) -> Material:
    """Return the images of both domains and their classifiers, from the files on this machine.

    Parameters
    ----------
    config
        Gives the numbers of garments and of passes.
    """
    digits, test_digits = (load("digits", split, IMAGE_SIZE) for split in ("train", "test"))
    parts = (("train", config.n_garments), ("test", config.n_test))
    garments, test_garments = (
        Labelled(*(tensor[:n] for tensor in load("fashion-mnist", split, IMAGE_SIZE)))
        for split, n in parts
    )
    of_digits = classifier_features(digits, test_digits, config.epochs)
    of_garments = classifier_features(garments, test_garments, config.epochs)
    return Material(digits, garments, test_digits, test_garments, of_digits, of_garments)


def measure_fashion(gan: CycleGAN, material: Material) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a CycleGAN makes of test images, in numbers and in pictures.

    Parameters
    ----------
    gan
        From digits to garments and back.
    material
        Gives test images and judges.

    Returns
    -------
    dict of str to float or list
        For the directions ``ab`` (digits to garments) and ``ba``: ``table_`` the counts of class
        before and after, ``cycle_`` the mean absolute difference after there and back,
        ``changed_`` that of the translation from its original, ``sure_`` the mean largest
        probability of the classifier, ``frechet_`` the Frechet distance of its features to those
        of real test images, ``returned_`` the share whose class is right after there and back.
    dict of str to str
        One image of each class, there and back, of ``pack_images``: ``a``, ``ab``, ``aba``, and
        ``b``, ``ba``, ``bab``.
    """
    numbers: dict[str, Any] = {}
    pictures: dict[str, str] = {}
    sides: tuple[tuple[Direction, Direction, Labelled, Labelled, ClassifierFeatures], ...] = (
        ("ab", "ba", material.test_digits, material.test_garments, material.of_garments),
        ("ba", "ab", material.test_garments, material.test_digits, material.of_digits),
    )
    own = {"ab": material.of_digits, "ba": material.of_garments}
    for there, back, (images, labels), real, judge in sides:
        made = gan.translate(_in_three(images), there)
        again = gan.translate(made, back).mean(1, keepdim=True)
        made = made.mean(1, keepdim=True)
        probabilities = judge.probabilities(made)
        returned = own[there].probabilities(again).argmax(1) == labels
        numbers[f"table_{there}"] = count_table(labels, probabilities.argmax(1)).tolist()
        for name, value in (
            ("cycle", difference(again, images)),
            ("changed", difference(made, images)),
            ("sure", float(probabilities.amax(1).mean())),
            ("frechet", frechet_distance(judge(real.images), judge(made))),
            ("returned", float(returned.float().mean())),
        ):
            numbers[f"{name}_{there}"] = float(f"{value:.4g}")
        rows = one_of_each(labels)
        kept = {there[0]: images, there: made, there + there[0]: again}
        pictures |= {name: pack_images(part[rows].clamp(-1, 1)) for name, part in kept.items()}
    return numbers, pictures


def unpack_fashion(pictures: dict[str, str]) -> dict[str, Tensor]:
    """Return the images (10, 1, 16, 16) of ``measure_fashion``, in 17 levels of grey."""
    return {name: unpack_images(text, IMAGE_SIZE) for name, text in pictures.items()}


def judge_real(material: Material) -> dict[str, float]:
    """Return what the judges say of real images, beside which translations stand.

    Parameters
    ----------
    material
        Images and judges.

    Returns
    -------
    dict of str to float
        ``accuracy_`` and ``sure_`` of each judge on real test images, ``frechet_`` the distance of
        as many real training images as are translated, ``raw_`` that of images that are not
        translated at all; ``ab`` stands for garments, which digits become.
    """
    found = {}
    sides = (
        ("ab", material.garments, material.test_garments, material.test_digits),
        ("ba", material.digits, material.test_digits, material.test_garments),
    )
    for name, known, real, raw in sides:
        judge = material.of_garments if name == "ab" else material.of_digits
        features = judge(real.images)
        found[f"accuracy_{name}"] = judge.accuracy.value
        found[f"sure_{name}"] = float(judge.probabilities(real.images).amax(1).mean())
        found[f"frechet_{name}"] = frechet_distance(
            features, judge(known.images[: len(raw.images)])
        )
        found[f"raw_{name}"] = frechet_distance(features, judge(raw.images))
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def all_runs(config: FashionConfig, make: Any = make_material) -> dict[str, Run]:
    """Return the runs "real" (the judges on real images) and "seed", in this order.

    Parameters
    ----------
    config
        What is to be recorded.
    make
        Makes the material of a config.
    """

    @cache
    def material() -> Material:
        return make(config)

    def one(seed: int) -> dict[str, Any]:
        training = replace(config.recipe.training, seed=seed)
        gan = make_cyclegan(replace(config.recipe, training=training))
        finish(gan, material().draw)
        numbers, pictures = measure_fashion(gan, material())
        return {**numbers, "pictures": pictures} if seed in config.seeds[:2] else numbers

    runs: dict[str, Run] = {"real": lambda: judge_real(material())}
    return runs | {str(seed): partial(one, seed) for seed in config.seeds}


if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = FashionConfig()
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else None
    left = record_one_by_one("cycle_fashion", asdict(wanted), all_runs(wanted), minutes)
    print(f"{left} runs are missing")
