#!/usr/bin/env python
"""The same as ``mroi ablate``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['ablate', *sys.argv[1:]]))
