from dataclasses import replace

import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.discriminator_steps import (
    ORDERS,
    DiscriminatorStepsConfig,
    data_law,
    flops_per_step,
    make_networks,
    run_d_steps,
    run_order,
    train_config,
)
from gan_lessons.metrics import mode_coverage
from gan_lessons.training import GANState, seeded_networks, train

SMALL = DiscriminatorStepsConfig(seeds=2, every=5, n_samples=100)


def test_cost_is_a_straight_line_in_k_and_known_by_hand():
    c = SMALL
    one, two, five = (flops_per_step(c, k) for k in (1, 2, 5))
    assert five == one + 4 * (two - one)
    h, n = c.hidden, c.batch_size
    g, d = 2 * n * (2 * h + h * h + 2 * h), 2 * n * (2 * h + h * h + h)
    first = 2 * n * 2 * h  # nobody asks for gradients at D's real and fake inputs, or at z
    d_update = g + 2 * (3 * d - first)
    assert two - one == d_update
    assert one - d_update == 2 * d + (2 * g - first)  # D forward and back to its input; G back


def test_the_first_order_is_the_packages_step():
    """One update each, D first, the same fakes: what train_seeds and train do."""
    by_hand = run_order(SMALL, ORDERS[0], 10)
    assert by_hand["quality"] == run_d_steps(SMALL, 1, 10)["quality"]
    networks = seeded_networks(lambda _: make_networks(SMALL), 1)
    numbers = replace(train_config(SMALL, 1, 10), seed=1)
    alone = GANState(*networks, "non-saturating", numbers)
    list(train(alone, data_law(SMALL), numbers))
    points = alone.sample(SMALL.n_samples, torch.Generator().manual_seed(1))
    share = mode_coverage(points, data_law(SMALL)).high_quality
    assert share == pytest.approx(by_hand["quality"][-1][1], abs=0.021)


def test_orders_differ():
    tables = [run_order(SMALL, order, 20)["quality"] for order in ORDERS]
    assert len({str(table) for table in tables}) == len(ORDERS)


def test_the_record_is_whole():
    record = load_recorded("discriminator_steps")
    results, config = record["results"], record["config"]
    c = DiscriminatorStepsConfig(**{**config, "d_steps": tuple(config["d_steps"])})
    assert {int(k): v for k, v in results["flops"].items()} == {
        k: flops_per_step(c, k) for k in c.d_steps
    }
    costs = [results["d_steps"][str(k)]["step"][-1] * flops_per_step(c, k) for k in c.d_steps]
    assert max(costs) < 1.05 * min(costs)
    assert set(results["order"]) == set(ORDERS)
    for table in [*results["d_steps"].values(), *results["order"].values()]:
        assert len(table["quality"]) == len(table["step"])
        assert all(
            len(row) == c.seeds and 0 <= min(row) <= max(row) <= 1 for row in table["quality"]
        )
