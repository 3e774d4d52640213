#!/usr/bin/env python
"""The same as ``mroi make-data``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['make-data', *sys.argv[1:]]))
