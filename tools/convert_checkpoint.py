#!/usr/bin/env python
"""The same as ``mroi convert-checkpoint``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['convert-checkpoint', *sys.argv[1:]]))
