"""Complete a HumanData file: SMPL joints, translations, cameras, boxes of projected joints.

Boxes of projected joints are padded already: set box_padding=1.0 in the dataset config of such a
file.
"""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import file


def focal_length(text: str) -> float | str:
    """Pixels, or the word ``diagonal``."""
    return text if text == 'diagonal' else float(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi complete-annotations``."""
    add = parser.add_argument
    add('source', metavar='IN.npz', help="one of mmhuman3d's preprocessed_datasets")
    add('target', type=file, metavar='OUT.npz', help='file to write')
    add('--body-model', default='data/body_models/smpl', help='folder of the SMPL files')
    add('--free-body', action='store_true', help='use the free body where there are no SMPL files')
    add('--pw3d-root', help='folder of 3DPW: translations come from its sequenceFiles')
    add('--fit-translation', action='store_true', help='fit missing ones to annotated 2D joints')
    add('--joints-only', action='store_true', help='do without translations: 3D joints alone')
    add('--boxes', choices=('auto', 'keep', 'projected'), default='auto', help='auto: 3DPW only')
    add('--box-padding', type=float, default=1.2, help='factor on the sides of projected boxes')
    add('--focal-length', type=focal_length, help='pixels or "diagonal", if none is annotated')
    add('--principal-point', type=float, nargs=2, metavar=('X', 'Y'), help='pixels')
    add('--image-dir', help='folder of the images, to read their sizes')
    add('--overwrite-keypoints', action='store_true', help="replace annotated joints by SMPL's")
    add('--on-suspect', choices=('error', 'drop', 'keep'), default='error', help='bad samples')
    add('--force', action='store_true', help='replace OUT.npz')
    add('--quiet', action='store_true', help='no progress bars')


def run(args: argparse.Namespace) -> int:
    """Complete; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    given = vars(args)
    with report_user_errors():
        from mroi_plugin.data_preparation.completion import complete_annotations
        from mroi_plugin.data_preparation.completion_options import CompletionOptions

        source, target = given.pop('source'), given.pop('target')
        report = complete_annotations(source, target, CompletionOptions(**given))
    for name, value in report.items():
        print(f'{name}: {value}')
    print(f'wrote {target}')
    return 0
