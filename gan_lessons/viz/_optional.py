"""Optional packages, asked for when a function needs them and never on import."""

from importlib import import_module
from types import ModuleType


def require(module: str, extra: str) -> ModuleType:
    """Import ``module``, or say which extra of the package brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        raise ImportError(
            f"{top} is needed here and could not be imported; "
            f'install it with: pip install "gan-lessons[{extra}]"'
        ) from error
