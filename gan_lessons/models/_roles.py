"""Who trains what: networks by name, and the optimizers that they belong to."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import nn

from gan_lessons._validation import check_positive


class Player(NamedTuple):
    """Networks that one optimizer trains, by their names.

    Parameters
    ----------
    lr
        Adam's learning rate.
    networks
        Names of the networks.
    """

    lr: float
    networks: tuple[str, ...]


def check_roles(
    networks: Mapping[str, nn.Module], players: Mapping[str, Player], averaged: tuple[str, ...]
) -> None:
    """Raise unless each network is another one, and trained by one player."""
    if not isinstance(networks, Mapping) or not networks:
        raise TypeError(f"networks must be a dict of at least one, got {networks!r}.")
    trained = []
    for letter, player in players.items():
        if not isinstance(player, Player):
            raise TypeError(f"players[{letter!r}] must be a Player, got {type(player).__name__}.")
        check_positive(player.lr, f"players[{letter!r}].lr")
        trained += list(player.networks)
    for name in (*networks, *trained, *averaged):
        if name not in networks or trained.count(name) != 1:
            raise ValueError(
                f"players must train each of {', '.join(networks)} once and no other, got "
                f"{name} {trained.count(name)} times."
            )
    roles = {id(network): name for name, network in networks.items()}
    for name, network in networks.items():
        if roles[id(network)] != name:
            raise ValueError(
                f"{name} and {roles[id(network)]} must be two networks, got one for both; make a "
                "second one (copy.deepcopy makes one of the same weights)."
            )
