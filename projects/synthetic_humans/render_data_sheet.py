"""Render a sheet of synthetic images, some with 2D joints, some with the annotated bodies."""

from __future__ import annotations

import argparse


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='docs/synthetic_sheet.jpg', help='picture to write')
    parser.add_argument('--seed', type=int, default=0, help='seed of the data set')
    parser.add_argument('--split', choices=('train', 'test'), default='train')
    parser.add_argument('--count', type=int, default=36, help='number of images')
    args = parser.parse_args()
    from synthetic_humans.body import SyntheticBody
    from synthetic_humans.data_sheet import data_sheet
    from synthetic_humans.samples import Studio

    from mroi_plugin.models.body_models.free_body import load_free_body
    from mroi_plugin.visualization.drawing import write_image

    studio = Studio(SyntheticBody(load_free_body()))
    sheet = data_sheet(studio, args.seed, args.split, args.count)
    print(f'wrote {write_image(args.out, sheet)}')


if __name__ == '__main__':
    main()
