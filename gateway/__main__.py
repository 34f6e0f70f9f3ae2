"""``python -m gateway``: the command ``vaguemestre``."""

import sys

from gateway.cli import main

sys.exit(main())
