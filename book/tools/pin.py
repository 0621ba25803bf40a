"""Pin anew: write constraints.txt from the ranges of pyproject.toml, for Python 3.11 to 3.13.

The CUDA packages that torch asks for on Linux are left out: torch itself fixes their versions, and
a machine with the CPU build has none of them.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TORCH = "torch==2.13.0"
HEADER = (
    "# Exact versions the book is built and tested with; pip install -c constraints.txt. "
    "Made by: make constraints\n"
)


def main() -> int:
    """Resolve with uv and write the file."""
    with tempfile.TemporaryDirectory() as folder:
        torch_pin, resolved = Path(folder) / "torch.txt", Path(folder) / "resolved.txt"
        torch_pin.write_text(TORCH + "\n")
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal"]
        command += ["--all-extras", "--python-version", "3.11", "--no-annotate", "--no-header"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        command += ["--constraint", str(torch_pin), "--output-file", str(resolved)]
        subprocess.run(command, cwd=ROOT, check=True)
        lines = resolved.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not re.match(r"nvidia-|cuda-|triton==", line)]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(kept), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
