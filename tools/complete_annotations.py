#!/usr/bin/env python
"""Complete a HumanData file: SMPL joints, translations, cameras, boxes of projected joints."""

from __future__ import annotations

import argparse


def focal_length(text: str) -> float | str:
    """Pixels, or the word ``diagonal``."""
    return text if text == 'diagonal' else float(text)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Boxes of projected joints are padded already: set box_padding=1.0 in the dataset '
        'config of such a file.',
    )
    add = parser.add_argument
    add('source', metavar='IN.npz', help="one of mmhuman3d's preprocessed_datasets")
    add('target', metavar='OUT.npz', help='file to write')
    add('--body-model', default='data/body_models/smpl', help='folder of the SMPL files')
    add('--free-body', action='store_true', help='use the free body where there are no SMPL files')
    add('--pw3d-root', help='folder of 3DPW: translations come from its sequenceFiles')
    add('--fit-translation', action='store_true', help='fit missing ones to annotated 2D joints')
    add('--joints-only', action='store_true', help='do without translations: 3D joints alone')
    add('--boxes', choices=('auto', 'keep', 'projected'), default='auto', help='auto: 3DPW only')
    add('--box-padding', type=float, default=1.2, help='factor on the sides of projected boxes')
    add('--focal-length', type=focal_length, help='pixels or "diagonal", if none is annotated')
    add('--principal-point', type=float, nargs=2, metavar=('X', 'Y'), help='pixels')
    add('--image-dir', help='folder of the photos, to read their sizes')
    add('--overwrite-keypoints', action='store_true', help="replace annotated joints by SMPL's")
    add('--on-suspect', choices=('error', 'drop', 'keep'), default='error', help='bad samples')
    add('--force', action='store_true', help='replace OUT.npz')
    add('--quiet', action='store_true', help='no progress bars')
    return parser.parse_args()


def main() -> None:
    args = vars(parse_args())
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.annotation_tools import CompletionOptions, complete_annotations

        source, target = args.pop('source'), args.pop('target')
        report = complete_annotations(source, target, CompletionOptions(**args))
    for name, value in report.items():
        print(f'{name}: {value}')
    print(f'wrote {target}')


if __name__ == '__main__':
    main()
