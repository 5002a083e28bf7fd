"""Compiles everything before the first use: `python -m mews_newtt.batch.warm`."""

import sys

from mews_newtt.tables.warm import main

if __name__ == "__main__":
    sys.exit(main())
