"""Checks that the experiments' settings share, so that a wrong one fails before hours of work."""

from gan_lessons._validation import check_count, check_positive


def check_counts(values: object, name: str, minimum: int = 1, rising: bool = False) -> None:
    """Raise unless ``values`` is a tuple of different whole numbers of at least ``minimum``.

    Raises
    ------
    TypeError
        If it is no tuple (or list), or an entry is no whole number.
    ValueError
        If it is empty, an entry is too small or comes twice, or, where ``rising``, falls.
    """
    if not isinstance(values, tuple | list):
        raise TypeError(f"{name} must be a tuple of whole numbers, got {type(values).__name__}.")
    if not values:
        raise ValueError(f"{name} must hold at least one number, got {values!r}.")
    for i, value in enumerate(values):
        check_count(value, f"{name}[{i}]", minimum)
    if len(set(values)) != len(values) or (rising and list(values) != sorted(values)):
        wanted = "rise" if rising else "be different"
        raise ValueError(f"{name} must {wanted}, got {values!r}.")


def check_share(value: object, name: str) -> None:
    """Raise unless ``value`` is a number strictly between 0 and 1."""
    if check_positive(value, name) >= 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}.")
