"""``python -m gan_lessons``: see ``gan_lessons.command``."""

import sys

from gan_lessons.command import main

if __name__ == "__main__":
    sys.exit(main())
