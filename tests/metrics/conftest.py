"""torch-fidelity's modules, with or without a torchvision that can be imported.

torch-fidelity imports torchvision for data sets and networks that are not used here. Where torch
is the CPU build, the torchvision of the package index cannot be imported: an empty one stands in.
"""

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest


def _empty_torchvision():
    """Return modules with the names that torch-fidelity imports."""
    names = ("torchvision", "torchvision.datasets", "torchvision.transforms")
    modules = {name: ModuleType(name) for name in (*names, "torchvision.transforms.functional")}
    for name in ("CIFAR10", "STL10", "CIFAR100"):
        setattr(modules["torchvision.datasets"], name, type(name, (), {}))
    modules["torchvision"].transforms = modules["torchvision.transforms"]
    modules["torchvision.transforms"].functional = modules["torchvision.transforms.functional"]
    return modules


@pytest.fixture(scope="module")
def fidelity():
    """Import torch-fidelity's modules, and leave none of them behind."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for name, module in _empty_torchvision().items():
            patch.setitem(sys.modules, name, module)
        yield SimpleNamespace(
            **{
                name: importlib.import_module(f"torch_fidelity.metric_{name}")
                for name in ("fid", "kid", "prc", "isc")
            },
            inception=importlib.import_module("torch_fidelity.feature_extractor_inceptionv3"),
        )
    for name in set(sys.modules) - before:
        if name.startswith(("torch_fidelity", "torchvision")):
            del sys.modules[name]
