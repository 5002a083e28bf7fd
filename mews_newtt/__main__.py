"""`python -m mews_newtt` is the command `mews-newtt`."""

import sys

from mews_newtt.cli import main

sys.exit(main())
