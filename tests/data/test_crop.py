import pytest
import torch

from gan_lessons.data import random_crop, random_flip


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_each_crop_is_a_window_and_all_windows_are_equally_likely():
    image = torch.rand(2, 5, 4, generator=rng(1))
    windows = torch.stack([image[:, i : i + 3, j : j + 3] for i in range(3) for j in range(2)])
    n = 3000
    cut = random_crop(image.expand(n, 2, 5, 4), 3, rng())
    equal = (cut.unsqueeze(1) == windows).flatten(2).all(2)
    assert (equal.sum(1) == 1).all()
    # 6 binomial counts: 5 standard deviations, false alarm below 1e-5 (and the seed is fixed)
    assert (equal.sum(0) - n / 6).abs().max() < 5 * (n / 6) ** 0.5


def test_bytes_are_cut_too_and_a_whole_image_is_given_back():
    images = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4).to(torch.uint8)
    assert random_crop(images, 2, rng()).dtype == torch.uint8
    assert torch.equal(random_crop(images, 4, rng()), images)
    assert torch.equal(random_crop(images, 2, rng(3)), random_crop(images, 2, rng(3)))


def test_half_of_the_images_are_mirrored():
    images = torch.rand(1, 1, 2, 3, generator=rng()).expand(2000, 1, 2, 3)
    out = random_flip(images, rng())
    mirrored = (out == images.flip(3)).flatten(1).all(1)
    plain = (out == images).flatten(1).all(1)
    assert (mirrored ^ plain).all()
    assert abs(mirrored.sum() - 1000) < 5 * 500**0.5


def test_bad_input_is_named():
    images = torch.zeros(1, 1, 4, 5)
    with pytest.raises(ValueError, match="size must be at most the images' 4 pixels, got 5"):
        random_crop(images, 5)
    with pytest.raises(ValueError, match=r"images must have shape \(n, c, h, w\)"):
        random_flip(images[0])
    with pytest.raises(TypeError, match="rng must be a torch.Generator"):
        random_flip(images, 3)
    with pytest.raises(TypeError, match="rng must be a torch.Generator"):
        random_crop(images[..., :4], 4, 3)  # also where nothing is cut
