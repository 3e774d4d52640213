#!/usr/bin/env python
"""The same as ``mroi view``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['view', *sys.argv[1:]]))
