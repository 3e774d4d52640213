#!/usr/bin/env python
"""Import SPIN-style files, CLIFF's pseudo ground truth and BEDLAM's labels to HumanData."""

from __future__ import annotations

import argparse


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add('format', choices=('spin', 'cliff', 'bedlam'), help='form of the file')
    add('source', metavar='IN.npz', help='file to read')
    add('target', metavar='OUT.npz', help='HumanData file to write')
    add('--image-dir', help='folder of the photos: sizes are read, all must be there')
    add('--convention', default='smpl_24', help='keypoint convention of "part" and "S"')
    add('--body-model', default='data/body_models/smpl', help='folder of the SMPL files, if any')
    add('--on-suspect', choices=('error', 'drop', 'keep'), default='error', help='bad samples')
    add('--force', action='store_true', help='replace OUT.npz')
    add('--quiet', action='store_true', help='no progress bars')
    return parser.parse_args()


def main() -> None:
    args = vars(parse_args())
    from mroi_plugin.engine import report_user_errors

    with report_user_errors():
        from mroi_plugin.annotation_tools import (
            ImportOptions,
            import_bedlam,
            import_cliff,
            import_spin,
        )

        read = {'spin': import_spin, 'cliff': import_cliff, 'bedlam': import_bedlam}[
            args.pop('format')
        ]
        source, target = args.pop('source'), args.pop('target')
        report = read(source, target, ImportOptions(**args))
    for name, value in report.items():
        print(f'{name}: {value}')
    print(f'wrote {target}')


if __name__ == '__main__':
    main()
