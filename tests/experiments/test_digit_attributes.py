import math

import pytest
import torch

from gan_lessons.data import load
from gan_lessons.experiments.digit_attributes import attribute_direction, slant, thickness


def blob(shear, side=41):
    """A Gaussian of ink, sheared by ``shear`` pixels to the right for each row upwards."""
    i, j = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    down, right = (i - side // 2).double(), (j - side // 2).double()
    ink = torch.exp(-(down**2) / 50 - (right + shear * down) ** 2 / 8)
    return (2 * ink - 1)[None, None]


@pytest.mark.parametrize("shear", [-0.5, 0.0, 0.3, 0.7])
def test_slant_is_the_shear(shear):
    assert slant(blob(shear)).item() == pytest.approx(shear, abs=2e-3)
    moved = blob(shear).roll((2, -3), (2, 3))  # wherever it stands
    assert slant(moved).item() == pytest.approx(shear, abs=5e-3)  # ink cut off at the border


def bar(width, length, side=40):
    image = torch.full((1, 1, side, side), -1.0)
    image[0, 0, 2 : 2 + length, 3 : 3 + width] = 1
    return image


def test_thickness_of_bars_and_discs():
    for width, length in ((1, 30), (2, 30), (5, 30), (6, 6)):
        got = thickness(bar(width, length)).item()
        assert got == pytest.approx(width * length / (width + length), rel=0.03)
        assert thickness(bar(width, length).mT).item() == pytest.approx(got, rel=1e-6)
    corner = bar(5, 30).roll((-2, -3), (2, 3))  # outside the image there is no ink
    assert thickness(corner).item() == pytest.approx(thickness(bar(5, 30)).item(), rel=1e-6)
    i, j = torch.meshgrid(torch.arange(120), torch.arange(120), indexing="ij")
    radius = torch.hypot(i - 60.0, j - 60.0)
    disc = (2 * (30 - radius).clamp(-2, 2) / 4)[None, None]  # an edge of 4 pixels, not a step
    assert thickness(disc).item() == pytest.approx(30, rel=0.03)  # 2 pi r^2 / (2 pi r)


def test_real_digits_have_the_attributes_of_strokes():
    images = load("digits", "test", size=16).images
    assert slant(images).abs().max() < 1
    assert 1 < thickness(images).mean().item() < 4  # of 16 pixels
    wider = torch.nn.functional.max_pool2d(images, 3, 1, 1)
    assert (thickness(wider) > thickness(images)).all()
    mirrored = images.flip(3)
    assert torch.allclose(slant(mirrored), -slant(images), atol=1e-5)


def test_direction_is_the_difference_of_group_means():
    codes = torch.tensor([[0.0, 1], [1, 1], [2, 1], [3, 1], [10, 5], [4, 1], [5, 1], [6, 1]])
    attribute = torch.tensor([0.0, 1, 2, 3, 10, 4, 5, 6])
    wanted = torch.tensor([(10 + 6) / 2 - 0.5, (5 + 1) / 2 - 1])
    assert torch.allclose(attribute_direction(codes, attribute), wanted)
    assert torch.allclose(attribute_direction(codes, -attribute), -wanted)
    half = attribute_direction(codes, attribute, 0.5)
    assert half[0].item() == pytest.approx((10 + 4 + 5 + 6) / 4 - 1.5)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"images must have shape \(n, 1, h, w\), got"):
        slant(torch.zeros(2, 3, 8, 8))
    with pytest.raises(ValueError, match="images must have ink in at least two rows"):
        slant(torch.full((2, 1, 8, 8), -1.0))
    with pytest.raises(ValueError, match="images must have ink each"):
        thickness(torch.full((2, 1, 8, 8), -1.0))
    with pytest.raises(ValueError, match=r"codes must have shape \(n, z_dim\) and attribute"):
        attribute_direction(torch.zeros(3, 2), torch.zeros(4))
    with pytest.raises(ValueError, match=r"share must be at most 0.5 and give a sample, got 0.6"):
        attribute_direction(torch.zeros(3, 2), torch.zeros(3), 0.6)
    with pytest.raises(ValueError, match="share must be at most 0.5 and give a sample"):
        attribute_direction(torch.zeros(3, 2), torch.zeros(3), 0.1)
    with pytest.raises(ValueError, match="attribute must be finite"):
        attribute_direction(torch.zeros(3, 2), torch.full((3,), math.nan))
