#!/usr/bin/env python
"""The same as ``mroi complete-annotations``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['complete-annotations', *sys.argv[1:]]))
