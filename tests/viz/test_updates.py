import pytest

from gan_lessons.viz import CRITIC, MODEL, new_figure, plot_update


@pytest.mark.parametrize(("player", "role", "end"), [("D", CRITIC, 7.0), ("G", MODEL, 2.1)])
def test_gradients_end_at_the_player_who_moves(player, role, end):
    figure, ax = new_figure()
    assert plot_update(player, ax) is ax
    texts = [text.get_text() for text in ax.texts]
    assert f"{player}'s update" in texts
    assert ("detach" in texts) == ("real" in texts) == (player == "D")
    (way,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert way.get_color() == role.color
    assert way.get_xdata()[-1] == end
    filled = [patch for patch in ax.patches if patch.get_facecolor()[:3] != (1, 1, 1)]
    assert len(filled) == 1
    assert filled[0].get_x() < end < filled[0].get_x() + filled[0].get_width()


def test_another_player_is_refused():
    with pytest.raises(ValueError, match="player must be 'D' or 'G', got 'E'"):
        plot_update("E", new_figure()[1])
