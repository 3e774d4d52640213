#!/usr/bin/env python
"""The same as ``mroi compare``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['compare', *sys.argv[1:]]))
