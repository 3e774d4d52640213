"""``python -m mroi_plugin`` is ``mroi``."""

import sys

from mroi_plugin.cli import main

sys.exit(main())
