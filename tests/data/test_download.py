import hashlib
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gan_lessons.data import DataCorrupted, DataFile, DataNotFound, download_file

CONTENT = bytes(i * i % 251 for i in range(300_000))
FILE = DataFile("thing.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Mirror(BaseHTTPRequestHandler):
    """A small web server with a behaviour.

    good, no-range, cut, altered, missing, longer, garbage, range-of-200 or range-of-0.
    """

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.seen.append(wanted)
        if server.behaviour == "missing" or self.path != "/thing.gz":
            self.send_error(404)
            return
        content = CONTENT
        if server.behaviour == "altered":
            content = CONTENT[:1000] + b"!" + CONTENT[1001:]
        if server.behaviour == "longer":
            content = CONTENT + b"more"
        start = 0
        if server.behaviour == "garbage":
            self.wfile.write(b"no answer of HTTP\r\n\r\n")
            return
        if server.behaviour in ("range-of-200", "range-of-0"):  # the whole, under a wrong head
            self.send_response(200 if server.behaviour == "range-of-200" else 206)
            offset = 0 if server.behaviour == "range-of-0" or not wanted else int(wanted[6:-1])
            self.send_header("Content-Range", f"bytes {offset}-{len(content) - 1}/{len(content)}")
        elif wanted and server.behaviour != "no-range":
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if server.behaviour == "cut" else body)

    def log_message(self, *_):
        pass


@contextmanager
def mirror(behaviour):
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        server.behaviour, server.seen = behaviour, []
        server.address = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:  # else a test that fails would hang
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_good_mirror(tmp_path):
    with mirror("good") as good:
        path = download_file(FILE, tmp_path / "new" / "folder", [good.address])
    assert path == tmp_path / "new" / "folder" / "thing.gz"
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["thing.gz"]
    assert good.seen == [None]


def test_the_next_mirror_takes_over(tmp_path):
    with mirror("missing") as missing, mirror("altered") as altered, mirror("good") as good:
        mirrors = [missing.address, altered.address, good.address]
        assert download_file(FILE, tmp_path, mirrors).read_bytes() == CONTENT
    assert good.seen == [None]  # nothing of the altered bytes was kept
    assert names(tmp_path) == ["thing.gz"]


def test_a_broken_transfer_is_kept_apart_and_continued(tmp_path):
    with mirror("cut") as cut:
        with pytest.raises(DataNotFound, match=r"broke off after 150000 of 300000.*kept"):
            download_file(FILE, tmp_path, [cut.address])
        assert names(tmp_path) == ["thing.gz.part"]
        cut.behaviour = "good"
        assert download_file(FILE, tmp_path, [cut.address]).read_bytes() == CONTENT
    assert cut.seen == [None, "bytes=150000-"]
    assert names(tmp_path) == ["thing.gz"]


def test_another_mirror_continues_at_once(tmp_path):
    with mirror("cut") as cut, mirror("good") as good:
        path = download_file(FILE, tmp_path, [cut.address, good.address])
    assert path.read_bytes() == CONTENT
    assert good.seen == ["bytes=150000-"]


def test_a_mirror_without_range_starts_again(tmp_path):
    (tmp_path / "thing.gz.part").write_bytes(CONTENT[:1234])
    with mirror("no-range") as server:
        assert download_file(FILE, tmp_path, [server.address]).read_bytes() == CONTENT
    assert server.seen == ["bytes=1234-"]


def test_altered_bytes_leave_nothing(tmp_path):
    with (
        mirror("altered") as altered,
        pytest.raises(DataCorrupted, match=r"No mirror has the published thing.gz.*SHA-256"),
    ):
        download_file(FILE, tmp_path, [altered.address])
    assert names(tmp_path) == []


@pytest.mark.parametrize("old", [b"rubbish", b"x" * len(CONTENT), b"x" * (len(CONTENT) + 5)])
def test_a_wrong_old_part_does_not_spoil_a_good_mirror(tmp_path, old):
    (tmp_path / "thing.gz.part").write_bytes(old)
    with mirror("good") as good:
        assert download_file(FILE, tmp_path, [good.address]).read_bytes() == CONTENT
    assert good.seen[-1] is None  # the second time from the first byte
    assert names(tmp_path) == ["thing.gz"]


def test_a_whole_old_part_is_checked_and_used(tmp_path):
    (tmp_path / "thing.gz.part").write_bytes(CONTENT)
    with mirror("good") as good:
        assert download_file(FILE, tmp_path, [good.address]).read_bytes() == CONTENT
    assert good.seen == []


def test_a_longer_file_is_read_no_further_than_published(tmp_path):
    with mirror("longer") as longer:
        assert download_file(FILE, tmp_path, [longer.address]).read_bytes() == CONTENT


def test_missing_everywhere_names_each_mirror(tmp_path):
    with mirror("missing") as one, mirror("missing") as two:
        with pytest.raises(DataNotFound) as caught:
            download_file(FILE, tmp_path, [one.address, two.address])
        message = str(caught.value)
    assert one.address in message
    assert two.address in message
    assert "404" in message
    assert names(tmp_path) == []


def test_one_altered_and_one_missing_may_be_tried_again(tmp_path):
    with mirror("altered") as altered, mirror("missing") as missing:
        mirrors = [altered.address, missing.address]
        with pytest.raises(DataNotFound, match=r"sent another file.*404.*try again"):
            download_file(FILE, tmp_path, mirrors)
    assert names(tmp_path) == []


def test_offline_says_what_to_do(tmp_path):
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(DataNotFound, match=r"Without a network, put the file at .*thing\.gz"):
            download_file(FILE, tmp_path, [address], timeout=2)
    assert names(tmp_path) == []


def test_a_silent_mirror_is_given_up(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(DataNotFound, match="timed out"):
            download_file(FILE, tmp_path, [address], timeout=0.2)


def test_no_mirrors(tmp_path):
    with pytest.raises(DataNotFound, match="no mirrors given"):
        download_file(FILE, tmp_path, [])


def test_killed_before_the_rename_leaves_no_trusted_file(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gan_lessons.data.download.os.replace", killed)
    with mirror("good") as good, pytest.raises(KeyboardInterrupt):
        download_file(FILE, tmp_path, [good.address])
    assert names(tmp_path) == ["thing.gz.part"]


@pytest.mark.parametrize("behaviour", ["range-of-200", "range-of-0"])
def test_only_an_answer_206_from_the_right_byte_continues(tmp_path, behaviour):
    (tmp_path / "thing.gz.part").write_bytes(CONTENT[:1234])
    with mirror(behaviour) as server:
        assert download_file(FILE, tmp_path, [server.address]).read_bytes() == CONTENT
    assert server.seen == ["bytes=1234-"]  # right at the first try


def test_an_answer_that_is_no_http_and_an_address_that_is_none_are_passed_over(tmp_path):
    with mirror("garbage") as garbage, mirror("good") as good:
        mirrors = ["no address", garbage.address, good.address]
        assert download_file(FILE, tmp_path, mirrors).read_bytes() == CONTENT
        assert garbage.seen == good.seen == [None]


def test_the_timeout_is_handed_on(tmp_path, monkeypatch):
    waits = []

    def silent(request, timeout=None):
        waits.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr("gan_lessons.data.download.urlopen", silent)
    for timeout in ({}, {"timeout": 0.5}):
        with pytest.raises(DataNotFound, match="timed out"):
            download_file(FILE, tmp_path, ["http://127.0.0.1:9/"], **timeout)
    assert waits == [30.0, 0.5]


def test_a_folder_may_be_a_string_but_mirrors_may_not(tmp_path):
    with mirror("good") as good:
        assert download_file(FILE, str(tmp_path), [good.address]) == tmp_path / "thing.gz"
        with pytest.raises(TypeError, match=r"mirrors must be a sequence .* write \['http"):
            download_file(FILE, tmp_path, good.address)


def test_a_folder_that_cannot_be_written_to_is_not_blamed_on_the_network(tmp_path):
    (tmp_path / "file").touch()
    for mirrors in ([], ["http://127.0.0.1:9/"]):
        with pytest.raises(
            DataNotFound, match=r"file cannot be written to: .* Pass root="
        ) as caught:
            download_file(FILE, tmp_path / "file", mirrors)
        assert "network" not in str(caught.value)


def test_a_full_disk_is_not_blamed_on_the_network(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.open", full)
    with (
        mirror("good") as one,
        mirror("good") as two,
        pytest.raises(
            DataNotFound, match=r"cannot be written to: .*No space left.* Pass root="
        ) as e,
    ):
        download_file(FILE, tmp_path, [one.address, two.address])
    assert "network" not in str(e.value)
    assert (one.seen, two.seen) == ([None], [])


def test_a_folder_in_the_files_place(tmp_path):
    (tmp_path / "thing.gz").mkdir()
    with mirror("good") as good, pytest.raises(DataNotFound, match="cannot be written to"):
        download_file(FILE, tmp_path, [good.address])
