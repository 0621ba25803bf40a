import pytest
import torch

from gan_lessons.data import random_brightness, random_cutout, random_shift


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def all_shifts(image, reach, fill):
    """Return every shift of one (c, h, w) image, by copying pixel by pixel."""
    c, h, w = image.shape
    shifts = {}
    for a in range(-reach, reach + 1):
        for b in range(-reach, reach + 1):
            out = torch.full_like(image, fill)
            for i in range(h):
                for j in range(w):
                    if 0 <= i + a < h and 0 <= j + b < w:
                        out[:, i, j] = image[:, i + a, j + b]
            shifts[a, b] = out
    return shifts


@pytest.mark.parametrize("fill", [-1.0, 0.5])
@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 4)])
def test_each_result_is_a_shift_and_all_shifts_are_equally_likely(fill, shape):
    image = torch.rand(shape, generator=rng(1))
    wanted = torch.stack(list(all_shifts(image, 2, fill).values()))
    n = 5000
    shifted = random_shift(image.expand(n, *shape), 2, rng(), fill)
    equal = (shifted.unsqueeze(1) == wanted).flatten(2).all(2)
    assert (equal.sum(1) == 1).all()
    counts = equal.sum(0)
    # 25 binomial counts: 5 standard deviations, false alarm below 1e-4 (and the seed is fixed)
    assert (counts - n / 25).abs().max() < 5 * (n / 25) ** 0.5
    assert not torch.equal(shifted[0], shifted[1])


def test_images_are_not_changed_and_seeds_repeat():
    images = torch.rand(8, 1, 6, 6, generator=rng(1))
    before = images.clone()
    first, again, other = (random_shift(images, 2, rng(s)) for s in (0, 0, 1))
    assert torch.equal(images, before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(random_shift(images, 0), images)


def test_global_state_is_drawn_from_only_without_rng():
    images = torch.rand(8, 1, 6, 6, generator=rng(1))
    before = torch.get_rng_state()
    random_shift(images, 2, rng())
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    first = random_shift(images, 2)
    torch.manual_seed(5)
    assert torch.equal(first, random_shift(images, 2))


def test_gradients_twice():
    images = torch.rand(2, 1, 4, 4, generator=rng(1), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: random_shift(x, 1, rng()) ** 3, images)
    assert torch.autograd.gradgradcheck(lambda x: random_shift(x, 1, rng()) ** 3, images)


@pytest.mark.parametrize(
    ("images", "reach", "error", "message"),
    [
        (torch.zeros(4, 8, 8), 1, ValueError, r"images must have shape \(n, c, h, w\), got \(4, 8"),
        ([[1.0]], 1, TypeError, "images must be a torch.Tensor, got list"),
        (torch.zeros(1, 1, 8, 8), -1, ValueError, "max_pixels must be at least 0, got -1"),
        (torch.zeros(1, 1, 8, 8), 1.5, TypeError, "max_pixels must be a whole number"),
    ],
)
def test_bad_input(images, reach, error, message):
    with pytest.raises(error, match=message):
        random_shift(images, reach)


def test_a_seed_is_no_rng():
    with pytest.raises(TypeError, match="rng must be a torch.Generator or None, got int"):
        random_shift(torch.zeros(1, 1, 8, 8), 1, 0)


def test_cutout_covers_one_square_and_each_place_is_equally_likely():
    h, w, side, n = 5, 7, 3, 8000
    images = torch.rand(n, 2, h, w, generator=rng(1)) + 1  # nothing is 0 before
    out = random_cutout(images, side, rng())
    covered = out[:, 0] == 0
    assert torch.equal(covered, out[:, 1] == 0)
    assert torch.equal(out[:, 0][~covered], images[:, 0][~covered])
    places = {}
    for top in range(h):
        for left in range(w):
            mask = torch.zeros(h, w, dtype=torch.bool)
            mask[max(top - 1, 0) : top + 2, max(left - 1, 0) : left + 2] = True
            places[top, left] = mask
    equal = (covered[:, None] == torch.stack(list(places.values()))).flatten(2).all(2)
    assert (equal.sum(1) == 1).all()
    counts = equal.sum(0)
    assert (counts - n / (h * w)).abs().max() < 5 * (n / (h * w)) ** 0.5
    assert torch.equal(random_cutout(images, side, rng()), out)
    assert torch.equal(random_cutout(images, 0), images)


def test_brightness_adds_one_uniform_number_to_each_image():
    images = torch.rand(4000, 2, 3, 3, generator=rng(1))
    change = random_brightness(images, 0.5, rng()) - images
    assert torch.allclose(change, change[:, :1, :1, :1].expand_as(change), atol=1e-6)
    u = change[:, 0, 0, 0]
    assert -0.5 <= u.min() < -0.49
    assert 0.49 < u.max() <= 0.5
    assert abs(u.mean()) < 5 * 0.5 / (3 * 4000) ** 0.5  # variance strength^2 / 3
    assert torch.equal(random_brightness(images, 0), images)


@pytest.mark.parametrize("change", [random_cutout, random_brightness])
def test_gradients_pass_through(change):
    images = torch.rand(6, 1, 4, 4, generator=rng(1)).requires_grad_()
    out = change(images, 2, rng())
    out.sum().backward()
    wanted = (out != 0).float() if change is random_cutout else torch.ones_like(images)
    assert torch.equal(images.grad, wanted)
    with pytest.raises(ValueError, match="images must have shape"):
        change(torch.zeros(3, 4), 1)
    with pytest.raises(TypeError, match="images must be a torch.Tensor"):
        change([1.0], 1)
    with pytest.raises(ValueError, match="side|strength"):
        change(images, -1)
    with pytest.raises(TypeError, match="rng"):
        change(images, 1, rng=3)
