"""Render the free body in 5 shapes and 4 poses."""

from __future__ import annotations

import argparse


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='docs/free_body_sheet.png', help='picture to write')
    args = parser.parse_args()
    from synthetic_humans.body import SyntheticBody
    from synthetic_humans.body_sheet import body_sheet

    from mroi_plugin.models.body_models.free_body import load_free_body
    from mroi_plugin.visualization.drawing import write_image

    print(f'wrote {write_image(args.out, body_sheet(SyntheticBody(load_free_body())))}')


if __name__ == '__main__':
    main()
