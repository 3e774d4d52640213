#!/usr/bin/env python
"""The same as ``mroi report``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['report', *sys.argv[1:]]))
