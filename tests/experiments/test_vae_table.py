import pytest

from gan_lessons.experiments import vae_table
from gan_lessons.experiments.vae_table import difference, intervals, recorded_numbers

DIGITS = {
    "results": {
        "columns": ["step", "frechet", "bound"],
        "runs": {
            "GAN": [{"rows": [[5, 3.0, None], [9, s, None]]} for s in (1.0, 2.0, 4.0)],
            "VAE": [{"rows": [[5, 7.0, -3.0], [9, s, -2.0]]} for s in (3.0, 5.0)],
        },
    }
}
POINTS = {"results": {"columns": ["modes"], "runs": {"GAN": [[8.0], [7.0]], "VAE": [[8.0], [8.0]]}}}


@pytest.fixture
def stored(monkeypatch):
    both = {"vae_digits": DIGITS, "vae_points": POINTS}
    monkeypatch.setattr(vae_table, "load_recorded", lambda name: both[name])


@pytest.mark.usefixtures("stored")
def test_seeds_that_every_model_has_and_columns_with_numbers():
    assert recorded_numbers() == {
        "GAN": {"step": [9, 9], "frechet": [1, 2]},
        "VAE": {"step": [9, 9], "frechet": [3, 5], "bound": [-2, -2]},
    }
    assert recorded_numbers(step=5)["VAE"]["frechet"] == [7, 7]
    assert recorded_numbers("vae_points") == {"GAN": {"modes": [8, 7]}, "VAE": {"modes": [8, 8]}}
    with pytest.raises(ValueError, match=r"step must be one of \[5, 9\], got 6"):
        recorded_numbers(step=6)


@pytest.mark.usefixtures("stored")
def test_intervals_and_paired_differences():
    numbers = recorded_numbers()
    got = intervals(numbers)["VAE"]["frechet"]
    half = 12.706 * 2**0.5 / 2**0.5  # t with one degree of freedom, s = sqrt 2, n = 2
    assert got.value == 4
    assert (got.low, got.high) == pytest.approx((4 - half, 4 + half), abs=1e-3)
    gap = difference(numbers, "frechet", "GAN", "VAE")
    assert gap.value == 2.5
    assert gap.high == pytest.approx(2.5 + 12.706 * 0.5, abs=1e-3)
    with pytest.raises(ValueError, match="'GAN' has no 'bound'"):
        difference(numbers, "bound", "GAN", "VAE")


def test_what_is_recorded_makes_a_table():
    for name in ("vae_digits", "vae_points"):
        table = recorded_numbers(name)
        assert "GAN" in table
        assert all(len(values) >= 1 for values in table["GAN"].values())
