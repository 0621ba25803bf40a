"""Which device to train on, generators on it, and what repeats there."""

import torch

from gan_lessons._validation import check_count


def choose_device(preference: str | torch.device | None = None) -> torch.device:
    """Return the wanted device, or the best there is: cuda, then mps, then cpu.

    ``print(repeatability(device))`` says what repeats bit for bit there.

    Parameters
    ----------
    preference : str or torch.device, optional
        For example "cpu" or "cuda:1"; None takes the best there is.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If that device is unknown or is not there.
    """
    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    if preference is None:
        return torch.device(there[0])
    try:
        device = torch.device(preference)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"preference must be one of {there} or None, got {preference!r}."
        ) from error
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    if device.type not in there or (device.index or 0) >= count:
        raise ValueError(
            f"preference {str(device)!r} is not there; this machine has {there}. "
            "Leave it out to take the best."
        )
    return device


def repeatability(device: str | torch.device) -> str:
    """Return one sentence on what repeats bit for bit on this device.

    Parameters
    ----------
    device : str or torch.device

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If torch knows no such device.
    """
    try:
        kind = torch.device(device).type
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be 'cpu', 'cuda' or 'mps', got {device!r}.") from error
    if kind == "cpu":
        return (
            "On this CPU the same seed, library version and number of threads give the same "
            "numbers bit for bit; another CPU may differ in the last digits."
        )
    return (
        f"On {kind} the same seed draws the same random numbers, but some sums are taken in "
        "another order each time: losses agree at first and drift apart as training amplifies "
        "the last digits."
    )


def seeded_generator(seed: int, device: str | torch.device = "cpu") -> torch.Generator:
    """Return a random generator on ``device`` that starts from ``seed``.

    Parameters
    ----------
    seed : int
        From 0 to 2**64 - 1.
    device : str or torch.device
        Where it draws.

    Returns
    -------
    torch.Generator

    Raises
    ------
    TypeError, ValueError
        If ``seed`` is no whole number or out of range, or ``device`` is not there.
    """
    seed = check_seed(seed)
    try:
        rng = torch.Generator(device)
    except (RuntimeError, TypeError, AssertionError) as error:
        raise ValueError(
            f"device must be one that is there, got {device!r}; choose_device() takes the best."
        ) from error
    return rng.manual_seed(seed)


def check_seed(seed: object) -> int:
    """Return ``seed`` if it is a whole number that torch takes, from 0 to 2**64 - 1."""
    number = check_count(seed, "seed", minimum=0)
    if number >= 2**64:
        raise ValueError(f"seed must be below 2**64, got {number}.")
    return number
