"""The loops that ours is measured against: one as most GAN code is written, one by a careful hand.

Both are written for these measurements; they train the same networks on the same batches.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset


def common_loop(
    generator: nn.Module,
    discriminator: nn.Module,
    data: Tensor,
    batch_size: int,
    z_dim: int,
    lr: float = 2e-4,
    device: str = "cpu",
) -> Iterator[None]:
    """Train as public GAN scripts do, one step per ``next``.

    Batches come from a shuffling DataLoader; Adam is torch's default one; ``backward`` computes
    gradients for all weights in reach, also D's in the generator's turn; both losses are read in
    every step, to be shown. Kind to it: the generated batch is used for both players, which some
    scripts make twice.
    """
    generator.to(device)
    discriminator.to(device)
    loader = DataLoader(TensorDataset(data), batch_size, shuffle=True, drop_last=True)
    loss = nn.BCEWithLogitsLoss()
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=(0.5, 0.999))
    shown = {"g": 0.0, "d": 0.0}
    while True:
        for (real,) in loader:
            real = real.to(device)
            ones, zeros = (
                torch.ones(len(real), device=device),
                torch.zeros(len(real), device=device),
            )

            d_optimizer.zero_grad()
            fake = generator(torch.randn(len(real), z_dim, device=device))
            d_real = loss(discriminator(real), ones)
            d_fake = loss(discriminator(fake.detach()), zeros)
            d_loss = d_real + d_fake
            d_loss.backward()
            d_optimizer.step()

            g_optimizer.zero_grad()
            g_loss = loss(discriminator(fake), ones)
            g_loss.backward()
            g_optimizer.step()

            shown["g"], shown["d"] = g_loss.item(), d_loss.item()
            yield


def bare_loop(
    generator: nn.Module,
    discriminator: nn.Module,
    data: Tensor,
    batch_size: int,
    z_dim: int,
    lr: float = 2e-4,
    read_every: int = 50,
) -> Iterator[None]:
    """Train as a careful person would by hand, for one setting: the package's work and no more.

    Non-saturating losses, fused Adam, batches by index, an averaged generator whose decay grows,
    gradients only for the player whose turn it is, numbers read now and then.
    """
    g_weights, d_weights = list(generator.parameters()), list(discriminator.parameters())
    average = [weight.detach().clone() for weight in g_weights]
    theirs = [weight.detach() for weight in g_weights]
    g_optimizer = torch.optim.Adam(g_weights, lr=lr, betas=(0.5, 0.999), fused=True)
    d_optimizer = torch.optim.Adam(d_weights, lr=lr, betas=(0.5, 0.999), fused=True)
    rng, step, log_sigmoid = torch.Generator().manual_seed(0), 0, nn.functional.logsigmoid
    while True:
        real = data[torch.randint(len(data), (batch_size,), generator=rng)]
        fake = generator(torch.randn(batch_size, z_dim, generator=rng))
        real_logits, fake_logits = discriminator(real), discriminator(fake.detach())
        d_loss = -(log_sigmoid(real_logits).mean() + log_sigmoid(-fake_logits).mean())
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()

        g_loss = -log_sigmoid(discriminator(fake)).mean()
        g_optimizer.zero_grad()
        g_loss.backward(inputs=g_weights)
        g_optimizer.step()

        step += 1
        decay = min(0.999, (1 + step) / (10 + step))
        torch._foreach_lerp_(average, theirs, 1 - decay)
        if step % read_every == 0:
            norms = [nn.utils.get_total_norm([w.grad for w in ws]) for ws in (d_weights, g_weights)]
            shown = [d_loss, g_loss, real_logits.mean(), fake_logits.mean(), *norms]
            torch.stack([number.detach() for number in shown]).tolist()
        yield
