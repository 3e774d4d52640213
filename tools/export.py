#!/usr/bin/env python
"""The same as ``mroi export``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['export', *sys.argv[1:]]))
