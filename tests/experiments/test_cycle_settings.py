"""Chapter 16: a wrong setting or argument fails at once, and is named."""

import pytest
import torch

from gan_lessons.experiments.cycle_assignments import (
    by_chance,
    count_table,
    matched_share,
    mutual_information,
    same_choice,
)
from gan_lessons.experiments.cycle_digits import CycleDigitsConfig, in_style, make_domains
from gan_lessons.experiments.cycle_emoji_report import read_arguments
from gan_lessons.experiments.cycle_film import CycleFilmConfig
from gan_lessons.experiments.cycle_hidden_measures import rounded
from gan_lessons.experiments.cycle_measures import difference
from gan_lessons.experiments.cycle_plane import CyclePlaneConfig
from gan_lessons.experiments.cycle_points import CyclePointsConfig
from gan_lessons.experiments.cycle_report import CycleReportConfig
from gan_lessons.experiments.cycle_turned import CycleTurnedConfig

NAN = float("nan")


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (CycleDigitsConfig, {"l1_weight": NAN}, "l1_weight must be zero or positive and finite"),
        (CycleDigitsConfig, {"l1_weight": -1}, "l1_weight must be zero or positive .* got -1"),
        (CyclePointsConfig, {"std": 0}, "std must be positive and finite, got 0"),
        (CyclePointsConfig, {"std": -1}, "std must be positive and finite, got -1"),
        (CyclePointsConfig, {"std": NAN}, "std must be positive and finite, got nan"),
        (CyclePointsConfig, {"layouts": ()}, "layouts must be of"),
        (CycleReportConfig, {"fresh": (1007, 2000)}, "fresh must share no seed with held_out"),
        (
            CycleReportConfig,
            {"held_out": (1004,), "fresh": (1000,)},
            "fresh must share no seed with held_out and ablated_on",
        ),
        (CycleReportConfig, {"weights": (1.0, NAN)}, r"weights\[1\] must be positive and finite"),
        (CyclePlaneConfig, {"films": (("cycle",),)}, "films must be of pairs"),
        (CyclePlaneConfig, {"films": ()}, "films must be of pairs"),
        (CyclePlaneConfig, {"films": ("c1", 3)}, "films must be of pairs"),
        (CyclePlaneConfig, {"films": ((["cycle"], 1),)}, "films must be of pairs"),
        (
            CyclePlaneConfig,
            {"films": (("cycle", 1), ("cycle", -1))},
            r"films\[1\] must be at",
        ),
    ],
)
def test_a_setting_of_the_wrong_size(make, setting, message):
    with pytest.raises(ValueError, match=message):
        make(**setting)


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (CycleDigitsConfig, {"l1_weight": "x"}, "l1_weight must be a zero or positive number"),
        (CyclePointsConfig, {"std": "x"}, "std must be a positive number, got str"),
        (CyclePointsConfig, {"near_identity": 3}, "near_identity must be True or False, got 3"),
        (CyclePointsConfig, {"training": 3}, "training must be a CycleGANConfig, got int"),
        (CyclePointsConfig, {"layouts": 3}, "layouts must be a tuple, got int"),
        (CycleReportConfig, {"recipe": 3}, "recipe must be a CycleDigitsConfig, got int"),
        (
            CycleReportConfig,
            {"weights": ("a",)},
            r"weights\[0\] must be a positive number",
        ),
        (CycleReportConfig, {"weights": 3.0}, "weights must be a tuple, got float"),
        (CycleTurnedConfig, {"recipe": 3}, "recipe must be a CycleDigitsConfig, got int"),
        (CycleFilmConfig, {"recipe": 3}, "recipe must be a CycleDigitsConfig, got int"),
        (CyclePlaneConfig, {"points": 3}, "points must be a CyclePointsConfig, got int"),
        (CyclePlaneConfig, {"films": 3}, "films must be a tuple, got int"),
        (CyclePlaneConfig, {"films": (("cycle", 1.0),)}, r"seed of films\[0\] must be a whole"),
    ],
)
def test_a_setting_of_the_wrong_kind(make, setting, message):
    with pytest.raises(TypeError, match=message):
        make(**setting)


CLASSES, TABLE = torch.tensor([0, 1, 2]), torch.eye(3, dtype=torch.long)
ABSENT = torch.tensor([[1, 0, 0], [0, 0, 0], [0, 0, 1]])
RNG = torch.Generator()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: same_choice([TABLE, ABSENT]),
            r"tables\[1\] must have .*\[1\] are absent",
        ),
        (lambda: same_choice([TABLE, TABLE[:2, :2]]), r"tables\[0\] and tables\[1\] must have the"),
        (lambda: same_choice([TABLE[:1, :1]] * 2), "two or more classes, .* got 1 classes"),
        (lambda: count_table(CLASSES, CLASSES + 8), "after must lie from 0 to .* 9, got 8 to 10"),
        (lambda: count_table(CLASSES, CLASSES - 1), "after must lie from 0 to .* got -1 to 1"),
        (lambda: count_table(CLASSES, CLASSES, 2), "before must lie from 0 to n_classes - 1 = 1"),
        (lambda: count_table(CLASSES, CLASSES[:1]), "before and after must have the same shape"),
        (lambda: count_table(TABLE, TABLE), r"before must have shape \(n,\), got \(3, 3\)"),
        (lambda: count_table(CLASSES, CLASSES, 0), "n_classes must be at least 1"),
        (lambda: matched_share(0 * TABLE), "table must be counts, .* not all 0"),
        (lambda: matched_share(TABLE - 1), "table must be counts, zero or positive"),
        (lambda: matched_share(TABLE * NAN), "table must be counts"),
        (lambda: matched_share(TABLE[:2]), r"table must have shape \(k, k\), got \(2, 3\)"),
        (lambda: mutual_information(0 * TABLE), "table must be counts, .* not all 0"),
        (lambda: by_chance(0 * TABLE, RNG), "table must be counts, .* not all 0"),
        (lambda: by_chance(TABLE, RNG, n=0), "n must be at least 1, got 0"),
        (lambda: rounded(torch.zeros(3), 1), "levels must be at least 2, got 1"),
        (lambda: difference(torch.zeros(3, 1), torch.zeros(3)), "x and y must have the same shape"),
        (lambda: make_domains("day"), r"style must be one of \('night', 'paper'\), got 'day'"),
        (lambda: in_style(torch.zeros(1, 1, 4, 4), "day"), "style must be one of"),
    ],
)
def test_an_argument_of_the_wrong_size(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: count_table(CLASSES.float(), CLASSES),
            r"before must be whole .*\.long\(\)",
        ),
        (lambda: count_table([0, 1], CLASSES), "before must be a Tensor, got list"),
        (lambda: matched_share([[1]]), "table must be a Tensor, got list"),
        (lambda: rounded(torch.zeros(3), 2.5), "levels must be a whole number"),
    ],
)
def test_an_argument_of_the_wrong_kind(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_the_command_line_of_the_emoji(capsys):
    assert vars(read_arguments([])) == {"preset": "laptop", "device": "cpu", "minutes": None}
    typed = read_arguments(["full", "cuda", "2.5"])
    assert (typed.preset, typed.device, typed.minutes) == ("full", "cuda", 2.5)
    for words, message in (
        (["nope", "cpu"], "argument preset: invalid choice: 'nope'"),
        (["full", "cpu", "long"], "argument minutes: invalid float value: 'long'"),
    ):
        with pytest.raises(SystemExit) as stopped:
            read_arguments(words)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
