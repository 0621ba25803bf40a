import pytest
import torch

from gan_lessons.models import ImagePool


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered(first, n):
    return torch.arange(first, first + n).float().reshape(n, 1)


def test_the_first_images_are_kept_and_given_back():
    pool = ImagePool(5)
    for k in range(0, 4, 2):
        assert torch.equal(pool.query(numbered(k, 2), rng()), numbered(k, 2))
    assert torch.equal(pool.images, numbered(0, 4))
    out = pool.query(numbered(4, 3), rng())
    assert out[0, 0] == 4
    assert len(pool.images) == 5


@pytest.mark.parametrize("n", [1, 3, 5, 12])
def test_nothing_is_lost_and_nothing_comes_twice(n):
    """What has come in is in the pool or has been given back, once each; half is exchanged."""
    pool, draws, out, steps = ImagePool(5), rng(1), [], 400
    for k in range(steps):
        out.append(pool.query(numbered(n * k, n), draws))
    given = torch.cat(out).flatten()
    everything = torch.cat([given[5:], pool.images.flatten()]).sort().values
    assert torch.equal(everything, numbered(0, n * steps).flatten())
    new = numbered(0, n * steps).flatten()
    share = (given == new)[5:].double().mean().item()
    # binomial: 5 standard deviations, false alarm below 1e-6 (and the seed is fixed)
    assert abs(share - 0.5) < 2.5 / (n * steps - 5) ** 0.5


def test_ages_are_geometric_as_the_rule_says():
    """One at a time an image in a full pool leaves with probability 1 / (2 size)."""
    pool, draws, ages = ImagePool(4), rng(2), []
    for k in range(8000):
        (out,) = pool.query(numbered(k, 1), draws).flatten().tolist()
        if out != k:
            ages.append(k - out)
    mean = sum(ages) / len(ages)
    assert mean == pytest.approx(8, rel=0.07)  # 4000 ages of standard deviation 7.5: 5 of 0.12


def test_a_pool_of_size_zero_gives_all_back_and_draws_nothing():
    pool, draws = ImagePool(0), rng()
    state = draws.get_state()
    assert torch.equal(pool.query(numbered(0, 3), draws), numbered(0, 3))
    assert pool.images is None
    assert torch.equal(draws.get_state(), state)


def test_what_is_kept_has_no_graph_and_is_a_copy():
    pool, images = ImagePool(2), numbered(0, 2).requires_grad_()
    out = pool.query(images * 1.0, rng())
    assert not out.requires_grad
    with torch.no_grad():
        images += 9
    assert torch.equal(pool.images, numbered(0, 2))


def test_state_goes_round_and_stays_apart():
    pool, other = ImagePool(3), ImagePool(3)
    pool.query(numbered(0, 3), rng())
    other.load_state_dict(pool.state_dict())
    one, two = pool.query(numbered(3, 3), rng(1)), other.query(numbered(3, 3), rng(1))
    assert torch.equal(one, two)
    pool.query(numbered(6, 3), rng(2))
    assert not torch.equal(pool.images, other.images)
    with pytest.raises(ValueError, match="state is of a pool of size 3, not 4"):
        ImagePool(4).load_state_dict(pool.state_dict())
    empty = ImagePool(3)
    empty.load_state_dict(ImagePool(3).state_dict())
    assert empty.images is None


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="size must be at least 0, got -1"):
        ImagePool(-1)
    pool = ImagePool(2)
    pool.query(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match=r"pool's shape \(n, 3, 8, 8\), got \(1, 3, 8, 9\)"):
        pool.query(torch.zeros(1, 3, 8, 9))
