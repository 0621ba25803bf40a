"""Nothing of the machine it was written on: no paths, no registries' hosts, no heavy files.

The patterns are put together from parts, so that this file does not match itself.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVIEST = 3_000_000

_FOLDERS = "|".join(("work", "root", "tmp", r"home/[a-z]\w*", r"Users/[A-Za-z]\w*", "mnt", "opt"))
MACHINE_PATH = re.compile(rf"(?<![\w.$}}~*)-])/(?:{_FOLDERS})/[\w.]")
_HOSTS = ("registry[.]npmjs", "registry[.]yarnpkg", "pythonhosted[.]org", "pypi[.]org/simple")
REGISTRY = re.compile("|".join((*_HOSTS, r"https?://[^/\s\"']+/(?:simple|npm|pypi/simple)/")))
BASE64 = re.compile(r"[A-Za-z0-9+/=]{120,}")


def tracked() -> list[Path]:
    """Return the files git knows, or skip where this is no checkout."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout: which files are tracked is not known")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def findings(text: str) -> list[str]:
    """Return what a text says about the machine; pictures in base64 are left out."""
    plain = BASE64.sub("", text)
    return [
        plain[max(0, m.start() - 20) : m.end() + 30].replace("\n", " ")
        for pattern in (MACHINE_PATH, REGISTRY)
        for m in pattern.finditer(plain)
    ]


def test_no_tracked_file_names_a_path_of_a_machine_or_a_registry() -> None:
    problems = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        problems += [f"{path.relative_to(ROOT)}: ...{found}..." for found in findings(text)]
    assert not problems, "\n".join(problems)


def test_no_tracked_file_is_heavy() -> None:
    heavy = {str(p.relative_to(ROOT)): p.stat().st_size for p in tracked()}
    heavy = {name: size for name, size in heavy.items() if size > HEAVIEST}
    assert not heavy, f"above {HEAVIEST} bytes, too heavy for a repository: {heavy}"


@pytest.mark.parametrize(
    "text",
    [
        "File " + '"/' + 'work/main/a.py"',
        "see /" + "tmp/x.txt",
        "(/" + "home/ann/book)",
        "https://registry." + "npmjs.org/mathjax",
        "-i https://mirror.example:8080/" + "simple/torch",
    ],
)
def test_a_machine_is_recognised(text: str) -> None:
    assert len(findings(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "$HOME/data",
        "a/b/" + "work/c",
        "the /" + "tmp folder",
        "x / y",
        "https://pypi." + "org/project/x",
    ],
)
def test_harmless_text_is_left_alone(text: str) -> None:
    assert findings(text) == []
