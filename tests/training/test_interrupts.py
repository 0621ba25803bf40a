"""Ctrl-C at any moment leaves a system that can be trained on."""

import math
import signal
import threading
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_lessons.training import GANState, TrainConfig, train
from gan_lessons.training.interrupts import WholeSteps

DATA = torch.randn(200, 2, generator=torch.Generator().manual_seed(9)) + 2
CONFIG = TrainConfig(steps=12, batch_size=8, z_dim=3, log_every=5, d_steps=2)


def state() -> GANState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        g = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    return GANState(g, d, "non-saturating", CONFIG)


def at_call(network: nn.Module, number: int, act) -> None:
    """Do something when a network is called for the n-th time."""
    calls = []

    def hook(module, inputs):
        calls.append(1)
        if len(calls) == number:
            act()

    network.register_forward_pre_hook(hook)


def flat(system: GANState) -> list[torch.Tensor]:
    """Return all numbers of a state."""
    averages = system.ema.network.state_dict()
    moments = [
        number
        for optimizer in (system.g_optimizer, system.d_optimizer)
        for numbers in optimizer.state.values()
        for number in numbers.values()
    ]
    networks = [
        *system.generator.state_dict().values(),
        *system.discriminator.state_dict().values(),
    ]
    return [*networks, *averages.values(), *moments, system.rng.get_state()]


@pytest.fixture(scope="module")
def undisturbed():
    system = state()
    list(train(system, DATA, CONFIG))
    return flat(system)


# In each step D is called 5 times and G twice.
@pytest.mark.parametrize(
    ("which", "call"), [("discriminator", 18), ("discriminator", 20), ("generator", 7)]
)
def test_a_signal_within_a_step_waits_for_its_end(which, call, undisturbed):
    """The run that goes on is the run that was never disturbed, bit by bit."""
    system = state()
    at_call(getattr(system, which), call, lambda: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        list(train(system, DATA, CONFIG))
    assert system.steps_done == 4
    assert signal.getsignal(signal.SIGINT) is before
    assert [record.step for record in train(system, DATA, CONFIG)] == [5, 10, 12]
    assert all(torch.equal(a, b) for a, b in zip(flat(system), undisturbed, strict=True))


@pytest.mark.parametrize("call", range(16, 21))
def test_an_interruption_within_a_step_leaves_a_usable_state(call):
    """As a second Ctrl-C does: D's 16th to 20th call are those of the fourth step."""

    def stop():
        raise KeyboardInterrupt

    system = state()
    at_call(system.discriminator, call, stop)
    with pytest.raises(KeyboardInterrupt):
        list(train(system, DATA, CONFIG))
    assert system.steps_done == 3  # whole steps
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert torch.is_grad_enabled()
    records = list(train(system, DATA, CONFIG))
    assert [record.step for record in records] == [5, 10, 12]
    assert all(math.isfinite(number) for record in records for number in record.metrics.values())
    assert system.ema.updates == 12


def test_an_interruption_while_sampling_leaves_the_network_in_training():
    def stop():
        raise KeyboardInterrupt

    system = state()
    at_call(system.generator, 1, stop)
    with pytest.raises(KeyboardInterrupt):
        system.sample(10, ema=False)
    assert system.generator.training


def test_a_signal_between_records_is_not_put_off():
    def read(system):
        for _ in train(system, DATA, CONFIG):
            signal.raise_signal(signal.SIGINT)

    system = state()
    with pytest.raises(KeyboardInterrupt):
        read(system)
    assert system.steps_done == 5


def test_the_second_signal_acts_at_once():
    reached = []

    def twice():
        with WholeSteps() as whole:
            signal.raise_signal(signal.SIGINT)
            reached.append(whole.asked)
            signal.raise_signal(signal.SIGINT)
            reached.append("after the second")

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert reached == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_is_not_hidden_by_a_signal():
    def fail():
        with WholeSteps():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_foreign_handler_and_other_threads_are_left_alone():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with WholeSteps() as whole:
            signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT]
        assert not whole.asked
    finally:
        signal.signal(signal.SIGINT, before)

    system, steps = state(), []
    run = threading.Thread(
        target=lambda: steps.extend(r.step for r in train(system, DATA, replace(CONFIG, steps=3)))
    )
    run.start()
    run.join()
    assert steps == [3]


def test_a_signal_in_the_step_of_a_record_gives_the_record_first():
    """Else the last step's numbers, and the check of the last weights, would be lost for good."""
    system, seen = state(), []
    at_call(
        system.generator, CONFIG.d_steps * CONFIG.steps, lambda: signal.raise_signal(signal.SIGINT)
    )
    records = (record.step for record in train(system, DATA, CONFIG))
    with pytest.raises(KeyboardInterrupt):
        seen.extend(records)
    assert seen[-1] == system.steps_done == CONFIG.steps
