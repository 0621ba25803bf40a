"""Build the HTML book strictly from the stored outputs and print the page to open.

Every warning is an error (``-W``), and so is every reference that leads nowhere (``-n``). Every
page is built anew (``--all``): otherwise a change to a style sheet alone would not arrive.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run jupyter-book; return its exit status."""
    jupyter_book = Path(sys.executable).with_name(
        "jupyter-book.exe" if sys.platform == "win32" else "jupyter-book"
    )
    command = [str(jupyter_book), "build", ".", "--all", "-W", "-n", "--keep-going"]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    page = ROOT / "_build" / "html" / "book" / "intro.html"
    if status == 0:
        print(f"\nThe book is built. Open this page in a browser:\n  {page.as_uri()}")
    else:
        print("\nThe book was not built: each line with WARNING or ERROR above is one reason.")
    return status


if __name__ == "__main__":
    sys.exit(main())
