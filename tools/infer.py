#!/usr/bin/env python
"""The same as ``mroi infer``."""

import sys

from mroi_plugin.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['infer', *sys.argv[1:]]))
