"""The two controls an explorer may have; plain data, so one list makes widget and page alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = float | int | str


def _check(name: str, label: str, values: Sequence[Value], what: str) -> tuple[Value, ...]:
    """Return the values as a tuple if name, label and values can make a control."""
    if not name.isidentifier():
        raise ValueError(f"name must be a Python name, got {name!r}; draw reads settings[name].")
    if not label.strip():
        raise ValueError(f"label of control {name!r} must not be empty; say what it changes.")
    if isinstance(values, str):
        raise TypeError(f"{what} of control {name!r} must be a sequence of values, got a str.")
    if len(values) < 2 or len(set(values)) != len(values):
        raise ValueError(
            f"{what} of control {name!r} must be at least two different values, "
            f"got {tuple(values)}."
        )
    return tuple(values)


def _start(name: str, values: tuple[Value, ...], default: Value | None) -> Value:
    """Return the value a control starts with."""
    if default is None:
        return values[0]
    if default not in values:
        raise ValueError(f"default of control {name!r} must be one of {values}, got {default!r}.")
    return default


@dataclass(frozen=True)
class Slider:
    """A slider over an ordered list of values.

    Parameters
    ----------
    name
        The key under which the drawing function finds the value.
    label
        What the reader sees beside the slider.
    values
        The values, in order; at least two.
    format
        How a value is written, for ``str.format``: ``"{:.2f}"``, ``"{} steps"``.
    default
        The value at the start; the first where None.
    """

    name: str
    label: str
    values: Sequence[Value]
    format: str = "{}"
    default: Value | None = None

    def __post_init__(self) -> None:
        values = _check(self.name, self.label, self.values, "values")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "default", _start(self.name, values, self.default))

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as the reader sees them."""
        return tuple(self.format.format(value) for value in self.values)

    @property
    def start(self) -> int:
        """The position of the default."""
        return [value == self.default for value in self.values].index(True)


@dataclass(frozen=True)
class Choice:
    """A drop-down list.

    Parameters
    ----------
    name
        The key under which the drawing function finds the value.
    label
        What the reader sees beside the list.
    options
        The values, at least two.
    format
        How a value is written, for ``str.format``.
    default
        The value at the start; the first where None.
    """

    name: str
    label: str
    options: Sequence[Value]
    format: str = "{}"
    default: Value | None = None

    def __post_init__(self) -> None:
        values = _check(self.name, self.label, self.options, "options")
        object.__setattr__(self, "options", values)
        object.__setattr__(self, "default", _start(self.name, values, self.default))

    @property
    def values(self) -> tuple[Value, ...]:
        """The options, under the name that both kinds of control share."""
        return tuple(self.options)

    @property
    def labels(self) -> tuple[str, ...]:
        """The options as the reader sees them."""
        return tuple(self.format.format(value) for value in self.options)

    @property
    def start(self) -> int:
        """The position of the default."""
        return [value == self.default for value in self.options].index(True)


Control: TypeAlias = Slider | Choice
