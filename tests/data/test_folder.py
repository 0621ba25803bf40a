import sys
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from gan_lessons.data import DataNotFound, load_folder
from gan_lessons.data.folder import IMAGE_ENDINGS


def halves(left, right, size=(40, 20), mode="RGB"):
    """Return a picture whose left and right halves have one colour each."""
    picture = Image.new(mode, size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def colours(image):
    """Return the colours of the left and right quarter, as bytes."""
    levels = ((image + 1) * 127.5).round().to(torch.int)
    width = image.shape[-1]
    quarters = levels[..., : width // 4], levels[..., -(width // 4) :]
    return [tuple(part.float().mean((1, 2)).round().int().tolist()) for part in quarters]


def test_images_become_squares_in_minus_one_to_one(tmp_path):
    halves((255, 0, 0), (0, 0, 255)).save(tmp_path / "b.png")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    halves((0, 255, 0), (255, 255, 255), (64, 64)).save(tmp_path / "deep" / "er" / "a.PNG")
    found = load_folder(tmp_path, size=16)
    assert found.images.shape == (2, 3, 16, 16)
    assert found.images.dtype == torch.float32
    assert (found.images.min().item(), found.images.max().item()) == (-1, 1)
    assert found.paths == (tmp_path / "b.png", tmp_path / "deep" / "er" / "a.PNG")
    assert colours(found.images[0]) == [(255, 0, 0), (0, 0, 255)]
    assert colours(found.images[1]) == [(0, 255, 0), (255, 255, 255)]


def test_an_image_of_the_right_size_is_kept_exactly(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "a.png")
    (image,) = load_folder(str(tmp_path), size=16).images
    assert np.array_equal(((image + 1) * 127.5).round().numpy(), levels.transpose(2, 0, 1))


@pytest.mark.parametrize(("width", "height"), [(48, 16), (16, 48)])
def test_the_middle_square_is_kept(tmp_path, width, height):
    levels = np.zeros((height, width), dtype=np.uint8)
    top, left = (height - 16) // 2, (width - 16) // 2
    levels[top : top + 16, left : left + 16] = 255
    Image.fromarray(levels).save(tmp_path / "a.png")
    assert bool((load_folder(tmp_path, 16, channels=1).images == 1).all())
    assert bool((load_folder(tmp_path, 8, channels=1).images == 1).all())


def test_shrinking_is_antialiased(tmp_path):
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[:, ::2] = 255  # a plain resize would keep every 8th column: all black or all white
    Image.fromarray(stripes).save(tmp_path / "a.png")
    inside = load_folder(tmp_path, 8, channels=1).images[..., 1:-1]
    assert inside.abs().max() < 0.05


def test_grey_is_the_luminance_and_colour_of_grey_has_equal_channels(tmp_path):
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red.png")
    grey = load_folder(tmp_path, 8, channels=1).images
    assert grey.shape == (1, 1, 8, 8)
    assert grey.mean().item() == pytest.approx(2 * 0.299 - 1, abs=1 / 127)
    Image.new("L", (8, 8), 100).save(tmp_path / "red.png")
    colour = load_folder(tmp_path, 8).images
    assert torch.allclose(colour, torch.full((1, 3, 8, 8), 100 / 127.5 - 1))


def test_a_photograph_is_turned_as_its_exif_data_say(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    halves((255, 0, 0), (0, 0, 255), (32, 32)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    (image,) = load_folder(tmp_path, 32).images
    left, right = colours(image)
    assert left[2] > 200 > 50 > left[0]
    assert right[0] > 200 > 50 > right[2]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(tmp_path, mode):
    if mode == "P":
        picture = Image.new("P", (8, 8), 1)
        picture.putpalette([9, 9, 9, 20, 200, 20])
        picture.save(tmp_path / "a.png", transparency=1)
    else:
        Image.new(mode, (8, 8), (20, 200, 20, 0) if mode == "RGBA" else (20, 0)).save(
            tmp_path / "a.png"
        )
    assert bool((load_folder(tmp_path, 8).images == 1).all())


@pytest.mark.parametrize(
    ("mode", "ending", "colour"),
    [("CMYK", "jpg", (0, 255, 255, 0)), ("P", "gif", None), ("1", "bmp", 1), ("L", "webp", 255)],
)
def test_other_modes_are_read(tmp_path, mode, ending, colour):
    picture = Image.new(mode, (16, 16), 0 if colour is None else colour)
    if mode == "P":
        picture.putpalette([250, 0, 0])
    picture.save(tmp_path / f"a.{ending}", quality=95)
    image = load_folder(tmp_path, 16).images[0]
    wanted = (1, 1, 1) if mode in ("1", "L") else (1, -1, -1)
    assert image.mean((1, 2)).tolist() == pytest.approx(wanted, abs=0.06)


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    image = load_folder(tmp_path, 8, channels=1).images[0, 0]
    assert image.flatten().tolist() == pytest.approx(np.linspace(-1, 1, 64), abs=1 / 127)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    first, second = Image.new("L", (8, 8), 255), Image.new("L", (8, 8), 0)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert load_folder(tmp_path, 8).images.min() == 1


def damaged(folder):
    """Fill a folder with what cannot be read, by name."""
    halves((1, 2, 3), (3, 2, 1), (200, 200)).save(folder / "whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:700])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("no image", encoding="utf-8")
    Image.new("F", (8, 8), 0.5).save(folder / "float.tif")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")


def test_what_cannot_be_read_is_skipped_and_named_in_one_warning(tmp_path):
    damaged(tmp_path)
    (tmp_path / "notes.txt").write_text("no image, and not looked at", encoding="utf-8")
    (tmp_path / ".hidden.png").touch()
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / ".thumbnails" / "a.png").touch()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = load_folder(tmp_path, 8)
    assert found.paths == (tmp_path / "whole.jpg",)
    (warning,) = caught
    assert warning.filename == __file__
    message = str(warning.message)
    assert message.startswith(f"5 of 6 images in {tmp_path} cannot be read and were skipped: cut.")
    for part in ("empty.png (it is empty)", "text.png (it is no image)", "gone.png (", "float.tif"):
        assert part in message
    assert "white is not known" in message
    assert "notes" not in message
    assert "hidden" not in message


def test_a_long_list_of_names_is_cut_short(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "z.png")
    for i in range(13):
        (tmp_path / f"{i:02d}.png").touch()
    with pytest.warns(UserWarning, match=r"13 of 14 .*09.png \(it is empty\) and 3 more\.$"):
        load_folder(tmp_path, 8)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    Image.new("L", (64, 64)).save(tmp_path / "bomb.png")
    Image.new("L", (8, 8)).save(tmp_path / "small.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.warns(UserWarning, match="bomb.png .*decompression bomb"):
        assert len(load_folder(tmp_path, 8).paths) == 1


def test_a_text_block_of_a_png_is_no_obstacle(tmp_path):
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "x" * 1000)
    Image.new("L", (8, 8), 7).save(tmp_path / "a.png", pnginfo=note)
    assert len(load_folder(tmp_path, 8).images) == 1


def test_nothing_left_is_an_error(tmp_path):
    with pytest.raises(DataNotFound, match=r"must hold images \(.bmp, .*\), but there is none"):
        load_folder(tmp_path)
    (tmp_path / "a.png").touch()
    with pytest.raises(DataNotFound, match=r"1 cannot be read: a.png \(it is empty\)\.$"):
        load_folder(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("missing",), FileNotFoundError, "must be a folder of images, but .*missing is not there"),
        (("file.png",), ValueError, "must be a folder of images, got the file .*file.png"),
        ((".", 1), ValueError, "size must be at least 2, got 1"),
        ((".", 16.0), TypeError, "size must be a whole number, got float"),
        ((".", 16, 4), ValueError, "channels must be 3 for colour or 1 for grey, got 4"),
    ],
)
def test_bad_arguments(tmp_path, arguments, error, message):
    (tmp_path / "file.png").touch()
    folder, *rest = arguments
    with pytest.raises(error, match=message):
        load_folder(tmp_path / folder, *rest)


def test_a_folder_that_is_no_path():
    with pytest.raises(TypeError, match="root must be a folder's path, got int"):
        load_folder(3)


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r"pip install .gan-lessons\[data\]"):
        load_folder(tmp_path)


def test_every_ending_is_one_that_pillow_reads():
    Image.init()
    assert set(IMAGE_ENDINGS) <= set(Image.registered_extensions())
