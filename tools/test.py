#!/usr/bin/env python
"""The same as ``mroi test``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['test', *sys.argv[1:]]))
