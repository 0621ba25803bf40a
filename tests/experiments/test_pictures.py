import numpy as np
import pytest
import torch
from PIL import Image

from gan_lessons.experiments.pictures import save_grid


@pytest.mark.parametrize("channels", [1, 3])
def test_a_last_row_that_is_not_full_ends_in_white(tmp_path, channels):
    rng = torch.Generator().manual_seed(0)
    images = torch.rand(5, channels, 4, 4, generator=rng) * 2 - 1
    save_grid(images, tmp_path / "grid.png", columns=3, zoom=2, gap=1)
    with Image.open(tmp_path / "grid.png") as picture:
        assert picture.mode == ("L" if channels == 1 else "RGB")
        grid = np.asarray(picture).reshape(2 * 8 + 1, 3 * 8 + 2, channels)
    levels = ((images + 1) * 127.5).round().numpy().transpose(0, 2, 3, 1)
    for k, image in enumerate(levels):
        top, left = 9 * (k // 3), 9 * (k % 3)
        tile = grid[top : top + 8, left : left + 8]
        assert np.array_equal(tile, image.repeat(2, 0).repeat(2, 1))
    assert (grid[8] == 255).all()
    assert (grid[:, 8] == 255).all()
    assert (grid[9:, 18:] == 255).all()


def test_few_images_make_one_short_row_and_what_is_out_of_range_is_cut_off(tmp_path):
    save_grid(torch.tensor([-9.0, 9.0]).reshape(2, 1, 1, 1), tmp_path / "a.png", zoom=1, gap=0)
    with Image.open(tmp_path / "a.png") as picture:
        assert np.asarray(picture).tolist() == [[0, 255]]
