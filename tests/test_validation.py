"""The checks on arguments that every folder shares."""

import numpy as np
import pytest
import torch

from gan_lessons._validation import (
    check_count,
    check_flag,
    check_kind,
    check_pair,
    check_result,
    check_rng,
    check_samples,
    check_tensor,
)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32(half):
    x = torch.tensor([1.0, 2.0], dtype=half)
    assert check_samples(x, "x").dtype == torch.float32
    assert [t.dtype for t in check_pair(x, x)] == [torch.float32] * 2
    assert [t.dtype for t in check_pair(x, x.double())] == [torch.float64] * 2


def test_whole_numbers_of_numpy_and_torch_are_counts():
    for value in (3, np.int64(3), np.uint8(3), torch.tensor(3)):
        count = check_count(value, "k")
        assert type(count) is int
        assert count == 3
    for value in (True, np.bool_(True), 3.0, np.float64(3), "3", None, torch.tensor(3.0)):
        with pytest.raises(TypeError, match="k must be a whole number, got"):
            check_count(value, "k")
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        check_count(np.int64(0), "k")


def test_rng_is_a_generator_or_none():
    rng = torch.Generator()
    assert check_rng(rng) is rng
    assert check_rng(None) is None
    for value, kind in (
        (0, "int"),
        (np.random.default_rng(0), "numpy.*Generator"),
        (torch, "module"),
    ):
        with pytest.raises(TypeError, match=rf"Generator or None, got {kind}; .*manual_seed\(0\)"):
            check_rng(value)


def test_remedies_fit_what_came():
    with pytest.raises(TypeError, match=r"got ndarray; call torch.from_numpy\(x\)"):
        check_tensor(np.zeros(3), "x")
    with pytest.raises(TypeError, match=r"got list\.$"):
        check_tensor([0.0], "x")
    with pytest.raises(ValueError, match=r"got \(2, 1, 4, 4\); call x.flatten\(1\)"):
        check_samples(torch.zeros(2, 1, 4, 4), "x")
    with pytest.raises(ValueError, match=r"got \(\), one number\.$"):
        check_samples(torch.tensor(1.0), "x")
    with pytest.raises(ValueError, match=r"got 1 NaN or infinite entries; drop them\.$"):
        check_tensor(torch.tensor([1.0, torch.nan]), "x")
    with pytest.raises(ValueError, match=r"mean must be finite, got nan\.$"):
        check_tensor(torch.tensor(torch.nan), "mean")


def test_results_that_overflowed_are_named():
    check_result(1.0, "value")
    check_result(torch.tensor(1.0, requires_grad=True), "value")
    for bad in (float("nan"), torch.tensor(float("-inf"))):
        with pytest.raises(ValueError, match=r"value came out as (nan|-inf).*rescale.*float64"):
            check_result(bad, "value")


def test_kinds_and_flags_are_named():
    check_kind((1,), tuple, "films")
    check_flag(False, "compile")
    with pytest.raises(TypeError, match=r"^films must be a tuple, got int\.$"):
        check_kind(3, tuple, "films")
    with pytest.raises(TypeError, match=r"^seen must be an OSError, got str\.$"):
        check_kind("x", OSError, "seen")
    for value in (1, None, np.bool_(True)):
        with pytest.raises(TypeError, match="compile must be True or False, got"):
            check_flag(value, "compile")
