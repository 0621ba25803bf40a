"""Check for an exercise of chapter 12: the discriminator's loss of R3GAN."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.regularizers import r1_penalty, r2_penalty

_Loss = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor, float], object]


class _Bowl(nn.Module):
    """A discriminator with h(x) = scale |x|^2 / 2, whose slope is scale x."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (n, ...) to logits (n,)."""
        return self.scale * x.flatten(1).square().sum(1) / 2


def check_r3gan_loss(student_function: _Loss, seed: int | None = None) -> Report:
    r"""Mark a student's discriminator loss of R3GAN.

    .. math:: \mathbb{E}\,\mathrm{softplus}(-(h(x) - h(y)))
        + \tfrac\gamma2 \mathbb{E}\lVert\nabla h(x)\rVert^2
        + \tfrac\gamma2 \mathbb{E}\lVert\nabla h(y)\rVert^2

    Parameters
    ----------
    student_function
        A function of a discriminator (samples (n, ...) to logits (n,)), real samples, generated
        samples and gamma that returns the loss, a scalar.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.

    References
    ----------
    Huang et al. (2024), "The GAN is dead; long live the GAN! A modern GAN baseline".
    """
    rng = seeded(seed)
    real, fake = (
        scale * torch.randn(12, 2, generator=rng, dtype=torch.float64) for scale in (1.0, 1.5)
    )
    bowl = _Bowl(0.8)
    with torch.no_grad():
        scores, fake_scores = bowl(real), bowl(fake)
    pairs = scores - fake_scores
    paired = _number(softplus(-pairs).mean())
    at_real, at_fake = _number(r1_penalty(bowl, real)), _number(r2_penalty(bowl, fake))

    def answer(gamma: float, x: Tensor = real, y: Tensor = fake) -> Tensor:
        came = student_function(bowl, x, y, gamma)
        if not isinstance(came, Tensor) or came.dim() != 0:
            kind = f"shape {tuple(came.shape)}" if isinstance(came, Tensor) else repr(came)
            raise TypeError(f"the loss must be a scalar tensor, got {kind}")
        return came

    def no_penalty() -> bool | str:
        came = _number(answer(0.0))
        separate = _number(softplus(-scores).mean() + softplus(fake_scores).mean())
        all_pairs = _number(softplus(-(scores[:, None] - fake_scores)).mean())
        named: dict[float, bool | str] = {
            paired: True,
            _number(softplus(pairs).mean()): "it has the generator's sign: D wants h(x) > h(y)",
            -paired: "it is minus the loss; D minimises",
            separate: "it judges real and generated samples apart; subtract h(y) from h(x) first",
            all_pairs: "it compares every real sample with every generated one; take pairs",
            12 * paired: "it sums over the batch; take the mean",
        }
        return _named(came, named, paired)

    def penalties() -> bool | str:
        came = _number(answer(2.0)) - paired
        lengths = 0.8 * _number(real.norm(dim=1).mean() + fake.norm(dim=1).mean())
        named: dict[float, bool | str] = {
            at_real + at_fake: True,
            2 * (at_real + at_fake): "the factor 1/2 is missing: gamma / 2",
            at_real: "the penalty at the generated samples (R2) is missing",
            at_fake: "the penalty at the real samples (R1) is missing",
            lengths: "it takes the length of the slope; square it",
            12 * (at_real + at_fake): "it sums the penalty over the batch; take the mean",
        }
        return _named(came, named, at_real + at_fake)

    def images() -> bool | str:
        x, y = real.reshape(3, 2, 2, 2), fake.reshape(3, 2, 2, 2)
        wanted = softplus(-(bowl(x) - bowl(y))).mean() + r1_penalty(bowl, x) + r2_penalty(bowl, y)
        if abs(_number(answer(2.0, x, y) - wanted)) < 1e-9:
            return True
        return "for samples (n, c, h, w) sum the squares over all axes but the first"

    def weights() -> bool | str:
        loss = answer(2.0)
        if not loss.requires_grad:
            return "the loss is cut off from the discriminator; do not detach it"
        (came,) = torch.autograd.grad(loss, [bowl.scale])
        derivative = (torch.sigmoid(-pairs) * -pairs / bowl.scale).mean()
        wanted = _number(derivative + 2 * (at_real + at_fake) / bowl.scale)
        if abs(_number(came) - wanted) < 1e-9:
            return True
        if abs(_number(came - derivative)) < 1e-9:
            return "the penalty has no gradient: torch.autograd.grad needs create_graph=True"
        return f"the derivative by a weight is {_number(came):.4g}, by hand it is {wanted:.4g}"

    return examine(
        ("without penalty: the relativistic loss of pairs", no_penalty),
        ("gamma = 2: both penalties, with their factor", penalties),
        ("samples that are images", images),
        ("its gradient reaches the discriminator's weights", weights),
    )


def _number(value: Tensor) -> float:
    """Return a scalar as a float, without its graph."""
    return float(value.detach())


def _named(came: float, named: dict[float, bool | str], wanted: float) -> bool | str:
    """Return True or the mistake whose number came, else both numbers."""
    for number, answer in named.items():
        if abs(came - number) < 1e-9 * max(1.0, abs(number)):
            return answer
    return f"it is {came:.4g}, by hand {wanted:.4g}"
