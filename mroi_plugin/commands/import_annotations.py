"""Import SPIN-style files, CLIFF's pseudo ground truth and BEDLAM's labels to HumanData."""

from __future__ import annotations

import argparse

from mroi_plugin.commands.options import file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``mroi import-annotations``."""
    add = parser.add_argument
    add('format', choices=('spin', 'cliff', 'bedlam'), help='format of the file')
    add('source', metavar='IN.npz', help='file to read')
    add('target', type=file, metavar='OUT.npz', help='HumanData file to write')
    add('--image-dir', help='folder of the images: sizes are read, all must be there')
    add('--convention', default='smpl_24', help='keypoint convention of "part" and "S"')
    add('--body-model', default='data/body_models/smpl', help='folder of the SMPL files, if any')
    add('--on-suspect', choices=('error', 'drop', 'keep'), default='error', help='bad samples')
    add('--force', action='store_true', help='replace OUT.npz')
    add('--quiet', action='store_true', help='no progress bars')


def run(args: argparse.Namespace) -> int:
    """Import; exit status 2 with one message if it cannot be done."""
    from mroi_plugin.utils.errors import report_user_errors

    given = vars(args)
    with report_user_errors():
        from mroi_plugin.data_preparation.importers.bedlam import import_bedlam
        from mroi_plugin.data_preparation.importers.cliff import import_cliff
        from mroi_plugin.data_preparation.importers.spin import import_spin
        from mroi_plugin.data_preparation.importers.spin_style import ImportOptions

        readers = {'spin': import_spin, 'cliff': import_cliff, 'bedlam': import_bedlam}
        read, source, target = (given.pop(name) for name in ('format', 'source', 'target'))
        report = readers[read](source, target, ImportOptions(**given))
    for name, value in report.items():
        print(f'{name}: {value}')
    print(f'wrote {target}')
    return 0
