"""The explorer of chapter 13: three recorded maps, and the net of codes that they deform."""

import torch
from torch import nn

from gan_lessons.experiments.latent_plane import (
    CODES,
    LatentPlaneConfig,
    code_net,
    make_models,
    mapped,
    recorded_nets,
    run,
)
from gan_lessons.experiments.vae_points import LAW, PointsConfig
from gan_lessons.widgets import explore_latent_plane


def test_the_net_is_ten_straight_lines_through_whole_codes():
    net = code_net(41)
    assert net.lines.shape == (10, 41, 2)
    assert net.points.shape == (25, 2)
    for k, line in enumerate(net.lines):
        along, across = (0, 1) if k < 5 else (1, 0)
        assert set(line[:, across].tolist()) == {CODES[k % 5]}
        assert line[:, along].min() == -2
        assert line[:, along].max() == 2


def test_a_linear_map_is_followed():
    turn = nn.Linear(2, 2, bias=False)
    turn.weight.data = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    image = mapped(turn, code_net(3))
    assert image.points[CODES.index(2.0) * 5 + CODES.index(1.0)].tolist() == [-1.0, 2.0]
    assert image.lines[0].tolist() == [[2.0, -2.0], [2.0, 0.0], [2.0, 2.0]]


def test_all_three_start_from_the_same_generator():
    models = make_models(LatentPlaneConfig(points=PointsConfig(hidden=8)))
    states = [model.generator.state_dict() for model in models.values()]
    assert len(states) == 3
    for key in states[0]:
        assert torch.equal(states[0][key], states[1][key])
        assert torch.equal(states[0][key], states[2][key])


def test_a_short_run_gives_what_is_stored_of_a_long_one():
    small = LatentPlaneConfig(steps=2, bigan_steps=2, per_line=5, points=PointsConfig(hidden=8))
    found = run(small)
    assert {name: torch.tensor(one["lines"]).shape for name, one in found.items()} == dict.fromkeys(
        recorded_nets(), (10, 5, 2)
    )


def test_the_stored_maps_pass_near_the_modes():
    for name, net in recorded_nets().items():
        gaps = torch.cdist(LAW.means.float(), net.lines.flatten(0, 1)).min(1).values
        assert float(gaps.max()) < 0.35, name


def test_the_marked_point_and_the_words_follow_the_sliders():
    explorer, nets = explore_latent_plane(), recorded_nets()
    for z1, z2 in ((-2.0, 1.0), (2.0, -2.0)):
        _, words = explorer.draw({"z1": z1, "z2": z2})
        at = nets["VAE"].points[CODES.index(z1) * 5 + CODES.index(z2)]
        assert f"point ({z1:g}, {z2:g})" in words
        assert f"VAE ({at[0]:.1f}, {at[1]:.1f})" in words
