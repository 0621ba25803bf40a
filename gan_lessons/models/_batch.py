"""Checks of what goes into a step and of what its networks make of it; no entry is read."""

from torch import Tensor

from gan_lessons._validation import check_floating, check_same_shape
from gan_lessons.training.precision import Network


def check_batch(batch: object, parts: int = 1) -> Tensor:
    """Return a batch, which must be a multiple of ``parts`` samples, or say what is wanted."""
    if not isinstance(batch, Tensor):
        raise TypeError(
            f"batch must be a tensor, got {type(batch).__name__}; pass the images alone "
            "(data.images)."
        )
    check_floating(batch, "batch")
    if batch.dim() == 0 or len(batch) == 0 or len(batch) % parts:
        n = len(batch) if batch.dim() else "a single number"
        raise ValueError(f"batch must have a multiple of {parts} samples, got {n}.")
    return batch


def check_augmented(before: Tensor, after: Tensor) -> Tensor:
    """Return augmented samples, which must be as many and of the same shape as before."""
    check_same_shape(before, after, "augment: samples", "what it returns")
    return after


def single_code(encoder: Network) -> Network:
    """Return an encoder that refuses to give a law of codes (or anything else than codes)."""

    def encode(x: Tensor) -> Tensor:
        code = encoder(x)
        if not isinstance(code, Tensor):
            raise TypeError(
                "encoder must return codes (n, z_dim), as MLP and DeterministicImageEncoder do, "
                f"got {type(code).__name__}."
            )
        return code

    return encode
