"""The command line: `python -m dashboard`."""

import sys

from .terminal.main import main

if __name__ == "__main__":
    sys.exit(main())
