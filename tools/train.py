#!/usr/bin/env python
"""The same as ``mroi train``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['train', *sys.argv[1:]]))
