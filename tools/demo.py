#!/usr/bin/env python
"""The same as ``mroi demo``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['demo', *sys.argv[1:]]))
