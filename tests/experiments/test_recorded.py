import json
import math

import pytest

from gan_lessons.experiments import load_recorded, recorded_folder, save_recorded


def test_what_was_saved_is_loaded(tmp_path, monkeypatch):
    path = save_recorded("probe", {"n": 3}, [1.5, 2], seconds=1.23456, folder=tmp_path)
    assert list(tmp_path.iterdir()) == [path]  # no temporary file is left
    monkeypatch.setattr("gan_lessons.experiments.recorded._CLONE", tmp_path)
    assert recorded_folder() == tmp_path
    record = load_recorded("probe")
    assert record["config"] == {"n": 3}
    assert record["results"] == [1.5, 2]
    assert record["machine"]["seconds"] == 1.2


def test_a_result_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = save_recorded("probe", {}, 1, seconds=0, folder=tmp_path)
    with pytest.raises(TypeError):
        save_recorded("probe", {}, object(), seconds=0, folder=tmp_path)
    assert json.loads(path.read_text())["results"] == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_has_no_word_for_is_refused(value, tmp_path):
    path = save_recorded("probe", {}, 1, seconds=0, folder=tmp_path)
    with pytest.raises(ValueError, match="config and results must hold finite numbers"):
        save_recorded("probe", {}, [1.0, value], seconds=0, folder=tmp_path)
    assert json.loads(path.read_text())["results"] == 1


def test_a_failed_write_leaves_no_part_behind(tmp_path, monkeypatch):
    path = save_recorded("probe", {}, 1, seconds=0, folder=tmp_path)

    def full(source, target):
        raise OSError("no space left on device")

    monkeypatch.setattr("gan_lessons.experiments.recorded.os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        save_recorded("probe", {}, 2, seconds=0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert json.loads(path.read_text())["results"] == 1


def test_an_unknown_name_lists_the_known():
    with pytest.raises(FileNotFoundError, match="no recorded result 'nothing'; there are: .*two_"):
        load_recorded("nothing")
