"""What an objective is, and the check that every objective makes on its logits."""

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Objective(Protocol):
    """A pair of losses, one per player, both minimised and both functions of logits.

    The logits are the raw outputs of the discriminator (or critic), of shape (n,), for real
    samples x and generated samples G(z), always in the order (real, fake). Both losses are batch
    means in nats (or in the units of the scores), as scalars that can be differentiated.
    """

    @property
    def name(self) -> str:
        """The key of this objective, as in ``OBJECTIVES``."""
        ...

    @property
    def needs_real(self) -> bool:
        """Whether the generator's loss uses ``real_logits``; where not, None is passed."""
        ...

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return the loss that D minimises, a scalar."""
        ...

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        """Return the loss that G minimises, a scalar."""
        ...


def check_logits(value: object, name: str) -> Tensor:
    """Return ``value`` if it is a floating-point tensor of shape (n,) with n >= 1.

    Its entries are not looked at: that would make a GPU wait in each step. Logits that are not
    finite give a loss that is not finite, which ``training`` reports.

    Raises
    ------
    TypeError
        If ``value`` is not a floating-point tensor.
    ValueError
        If it is empty or of another shape.
    """
    if value is None:
        raise TypeError(f"{name} must be a tensor of shape (n,), got None; this loss uses it.")
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}.")
    if not value.is_floating_point():
        raise TypeError(f"{name} must be floating point, got {value.dtype}; call {name}.float().")
    if value.dim() != 1:
        raise ValueError(
            f"{name} must have shape (n,), got {tuple(value.shape)}; "
            f"let the network return one logit per sample, for example by .flatten()."
        )
    if value.shape[0] == 0:
        raise ValueError(f"{name} needs at least one sample, got shape (0,).")
    return value
