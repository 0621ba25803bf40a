"""What the models have in common: networks by name, an Adam for each group, averages, state."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_lessons._validation import (
    check_count,
    check_floating,
    check_rng,
    check_tensor,
)
from gan_lessons.models._roles import Player as Player
from gan_lessons.models._roles import check_roles
from gan_lessons.training.config import MAY_CHANGE, TrainConfig, check_config
from gan_lessons.training.device import seeded_generator
from gan_lessons.training.ema import EMA
from gan_lessons.training.optimizers import adam, first_weight, load_optimizer
from gan_lessons.training.precision import evaluating, place, plain, prepare

PART = 1000  # samples that pass at once when nothing is trained: memory


class NetworkSystem:
    """The part of a system that does not depend on what is learned; a subclass adds ``step``.

    Every network becomes an attribute of its name, the optimizer of the player ``"g"`` the
    attribute ``g_optimizer``. ``train``, checkpoints and torchrun take it as they take a
    ``GANState``.

    Parameters
    ----------
    networks : dict of str to nn.Module
        Trained in place, on the device and in the dtype that they have.
    players : dict of str to Player
        Who trains what, by the letter of the optimizer; each network belongs to one player.
    config : TrainConfig
        The numbers of the run; a model with numbers of its own has a subclass.
    averaged : tuple of str
        Networks of which an average is kept where ``ema_decay`` is above 0.

    Raises
    ------
    TypeError, ValueError
        If a network is no module or has nothing to train, two are one and the same, on different
        devices or of different dtypes, one has no player or two, or ``config`` is no TrainConfig.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        players: Mapping[str, Player],
        config: TrainConfig,
        averaged: tuple[str, ...] = (),
    ) -> None:
        self.config = check_config(config)
        check_roles(networks, players, averaged)
        first = next(iter(networks))
        weights = {name: first_weight(network, name) for name, network in networks.items()}
        self.device, self.dtype = weights[first].device, weights[first].dtype
        for name, weight in weights.items():
            for what, own, wanted, remedy in (
                ("on one device", weight.device, self.device, ".to(device)"),
                ("of one dtype", weight.dtype, self.dtype, ".float()"),
            ):
                if own != wanted:
                    raise ValueError(
                        f"{first} and {name} must be {what}, got {wanted} and {own}; call "
                        f"{remedy} on all networks."
                    )
            prepare(networks[name], config, config.compile)
            setattr(self, name, networks[name])
        for letter, player in players.items():
            trained = nn.ModuleList([networks[name] for name in player.networks])
            setattr(self, f"{letter}_optimizer", adam(trained, player.lr, config.betas))
        self._names, self._letters = tuple(networks), tuple(players)
        kept = averaged if config.ema_decay > 0 else ()
        #: Averages by the name of the network.
        self.averages = {name: EMA(networks[name], config.ema_decay) for name in kept}
        self.rng = seeded_generator(config.seed, self.device)
        self.steps_done = 0
        self.last_checkpoint: Path | None = None

    def network(self, name: str, ema: bool = True) -> nn.Module:
        """Return a network of that name, its average where one is kept and ``ema`` asks for it."""
        if name not in self._names:
            raise ValueError(f"name must be one of {', '.join(self._names)}, got {name!r}.")
        if ema and name in self.averages:
            return self.averages[name].network
        return getattr(self, name)

    def latent(self, n: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw z ~ N(0, I) of shape (n, z_dim); rng=None draws from torch's default generator."""
        shape, rng = (check_count(n, "n"), self.config.z_dim), check_rng(rng)
        device = self.device if rng is None else rng.device
        z = torch.randn(shape, generator=rng, device=device, dtype=self.dtype)
        return z.to(self.device)

    def description(self) -> dict[str, Any]:
        """Return what a saved state must share with this system, as plain data.

        A subclass adds what is not in the config, such as the name of its objective.
        """
        return asdict(self.config)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that the next step depends on, as tensors and plain data."""
        return {
            "networks": {name: getattr(self, name).state_dict() for name in self._names},
            "optimizers": {
                letter: getattr(self, f"{letter}_optimizer").state_dict()
                for letter in self._letters
            },
            "averages": {name: average.state_dict() for name, average in self.averages.items()},
            "rng": self.rng.get_state(),
            "steps_done": self.steps_done,
            "config": self.description(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned; refuse the state of another configuration."""
        missing = [
            name for name in self.state_dict() if not isinstance(state, dict) or name not in state
        ]
        if missing:
            raise ValueError(
                f"state must be that of a {type(self).__name__}, got none with "
                f"{', '.join(missing)}."
            )
        steps_done = check_count(state["steps_done"], "steps_done", minimum=0)
        mine, theirs = self.description(), state["config"]
        names = dict.fromkeys([*mine, *theirs])
        differ = [k for k in names if mine.get(k) != theirs.get(k) and k not in MAY_CHANGE]
        if differ:
            raise ValueError(
                f"state is of another configuration: {', '.join(differ)} differ (state has "
                f"{[theirs.get(k) for k in differ]}, the system {[mine.get(k) for k in differ]})."
            )
        for name in self._names:
            getattr(self, name).load_state_dict(state["networks"][name])
        for letter in self._letters:
            load_optimizer(getattr(self, f"{letter}_optimizer"), state["optimizers"][letter])
        for name, average in self.averages.items():
            average.load_state_dict(state["averages"][name])
        self.rng.set_state(state["rng"].cpu())
        self.steps_done = steps_done

    @torch.no_grad()
    def _evaluate(self, name: str, x: Tensor, ema: bool) -> Tensor:
        """Return what a network makes of x in evaluation mode, in parts, without a graph."""
        x, network = (
            place(check_floating(x, "x"), self.device, self.dtype, self.config),
            self.network(name, ema),
        )
        with evaluating(network), plain(self.config):  # compiled code is for batches of one size
            return torch.cat([network(part) for part in x.split(PART)])

    def _begin(self) -> None:
        """Put every network into training mode."""
        for name in self._names:
            network = getattr(self, name)
            if not network.training:
                network.train()

    def _end(self) -> None:
        """Average, and count the step."""
        for average in self.averages.values():
            average.update()
        self.steps_done += 1


class LatentSystem(NetworkSystem):
    """A system with a ``generator`` that maps z ~ N(0, I) to samples.

    Parameters
    ----------
    networks, players, config, averaged
        As for ``NetworkSystem``; one of the networks is called ``generator``.
    """

    generator: nn.Module

    def sample(self, n: int, rng: torch.Generator | None = None, ema: bool = True) -> Tensor:
        """Draw G(z) with z from the prior, in evaluation mode.

        Parameters
        ----------
        n : int
            How many.
        rng : torch.Generator, optional
            Draws z; None draws from torch's default generator.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
        """
        return self.decode(self.latent(n, rng), ema)

    def decode(self, z: Tensor, ema: bool = True) -> Tensor:
        """Map codes to samples, in evaluation mode.

        Parameters
        ----------
        z : Tensor (n, z_dim)
            Codes.
        ema : bool
            Whether the averaged weights are used (where the config keeps an average).

        Returns
        -------
        Tensor (n, ...)
        """
        return self._evaluate("generator", check_tensor(z, "z"), ema)
