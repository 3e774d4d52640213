#!/usr/bin/env python
"""The same as ``mroi check-data``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['check-data', *sys.argv[1:]]))
