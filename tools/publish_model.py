#!/usr/bin/env python
"""The weights of a checkpoint in half precision, to pass on: CONFIG CHECKPOINT OUT.safetensors."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import file


def main() -> None:
    """Write the file and print its SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file, or the name of a shipped one')
    parser.add_argument('checkpoint', help='checkpoint of that config')
    parser.add_argument('out', type=file, help='file to write, .safetensors')
    args = parser.parse_args()

    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        from mroi_plugin.deploy.publish import publish

        print(publish(args.config, args.checkpoint, args.out))


if __name__ == '__main__':
    main()
