#!/usr/bin/env python
"""Meshes, cameras and pictures of the persons in photos and videos; the same as ``mroi infer``."""

from __future__ import annotations

import argparse

from mroi_plugin.inference.command import add_arguments, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    raise SystemExit(run(parser.parse_args()))


if __name__ == '__main__':
    main()
