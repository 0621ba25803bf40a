"""Shape checks for the inputs of networks; they look at sizes only, so they cost nothing."""

from torch import Tensor


def check_rows(value: Tensor, name: str, features: int) -> None:
    """Raise ``ValueError`` unless ``value`` has shape (n, features)."""
    if value.dim() != 2 or value.shape[1] != features:
        raise ValueError(f"{name} must have shape (n, {features}), got {tuple(value.shape)}.")


def check_images(value: Tensor, name: str, channels: int, image_size: int) -> None:
    """Raise ``ValueError`` unless ``value`` has shape (n, channels, image_size, image_size)."""
    if value.dim() != 4 or tuple(value.shape[1:]) != (channels, image_size, image_size):
        raise ValueError(
            f"{name} must have shape (n, {channels}, {image_size}, {image_size}), "
            f"got {tuple(value.shape)}."
        )


def check_sides(value: Tensor, name: str, channels: int, multiple: int, smallest: int) -> None:
    """Raise ``ValueError`` unless both sides of the images are such multiples, large enough."""
    if value.dim() != 4 or value.shape[1] != channels:
        raise ValueError(f"{name} must have shape (n, {channels}, h, w), got {tuple(value.shape)}.")
    if any(side % multiple or side < smallest for side in value.shape[2:]):
        raise ValueError(
            f"{name} must have sides that are multiples of {multiple}, at least {smallest}, got "
            f"{value.shape[2]} by {value.shape[3]}; crop or resize them, or halve less often."
        )


def check_choice(value: object, name: str, choices: tuple[object, ...]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {listed}, got {value!r}.")
