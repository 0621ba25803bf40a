"""The two controls an explorer may have; plain data, so one list makes widget and page alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TypeAlias

Value: TypeAlias = float | int | str


def _check(name: str, label: str, values: Sequence[Value], what: str) -> tuple[Value, ...]:
    """Return the values as a tuple if name, label and values can make a control."""
    for text, argument in ((name, "name"), (label, "label")):
        if not isinstance(text, str):
            raise TypeError(f"{argument} of a control must be a str, got {type(text).__name__}.")
    if not name.isidentifier():
        raise ValueError(f"name must be a Python name, got {name!r}; draw reads settings[name].")
    if not label.strip():
        raise ValueError(f"label of control {name!r} must not be empty; say what it changes.")
    if isinstance(values, str) or not isinstance(values, Collection):
        raise TypeError(
            f"{what} of control {name!r} must be a sequence of values, "
            f"got a {type(values).__name__}."
        )
    if not all(isinstance(value, Real | str) for value in values):
        raise TypeError(f"{what} of control {name!r} must be numbers or strings, got {values!r}.")
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


def _labels(name: str, values: Sequence[Value], form: str) -> tuple[str, ...]:
    """Return the values as the reader sees them, each in other words."""
    if not isinstance(form, str):
        raise TypeError(f"format of control {name!r} must be a str, got {type(form).__name__}.")
    try:
        labels = tuple(form.format(value) for value in values)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise ValueError(
            f"format of control {name!r} must suit str.format, such as '{{:.2f}}', "
            f"got {form!r}: {error}."
        ) from error
    if len(set(labels)) != len(labels):
        raise ValueError(
            f"format of control {name!r} must tell all values apart, got {form!r}, "
            f"which gives {labels}; write more digits."
        )
    return labels


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

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, the values are fewer than two or not all different, the
        format does not suit them or writes two of them alike, or the default is not among them.
    """

    name: str
    label: str
    values: Sequence[Value]
    format: str = "{}"
    default: Value | None = None

    def __post_init__(self) -> None:
        values = _check(self.name, self.label, self.values, "values")
        object.__setattr__(self, "values", values)
        _labels(self.name, values, self.format)
        object.__setattr__(self, "default", _start(self.name, values, self.default))

    @property
    def labels(self) -> tuple[str, ...]:
        """The values as the reader sees them."""
        return _labels(self.name, self.values, self.format)

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

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, the values are fewer than two or not all different, the
        format does not suit them or writes two of them alike, or the default is not among them.
    """

    name: str
    label: str
    options: Sequence[Value]
    format: str = "{}"
    default: Value | None = None

    def __post_init__(self) -> None:
        values = _check(self.name, self.label, self.options, "options")
        object.__setattr__(self, "options", values)
        _labels(self.name, values, self.format)
        object.__setattr__(self, "default", _start(self.name, values, self.default))

    @property
    def values(self) -> tuple[Value, ...]:
        """The options, under the name that both kinds of control share."""
        return tuple(self.options)

    @property
    def labels(self) -> tuple[str, ...]:
        """The options as the reader sees them."""
        return _labels(self.name, self.options, self.format)

    @property
    def start(self) -> int:
        """The position of the default."""
        return [value == self.default for value in self.options].index(True)


Control: TypeAlias = Slider | Choice
