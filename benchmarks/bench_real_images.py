#!/usr/bin/env python
"""How far bodies are from the joints marked by hand in real images, in the marked boxes.

The images are those of tests/data/real_images.json that are in a folder, and scikit-image's. The
error of a person is the mean distance of its marked joints as a share of its box's height.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from bench_detector import find_images, xywh
from common import parse, report

from mroi_plugin.apis.inferencer import Inferencer
from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.utils.errors import report_user_errors
from mroi_plugin.visualization.drawing import write_image
from mroi_plugin.visualization.scene import result_row


def measure(
    model: Inferencer, marks: dict[str, Any], image: InputImage, show: Path | None
) -> list[dict[str, Any]]:
    """One row per person with marked joints; draws the bodies where asked to."""
    (result,) = model(image.pixels(), boxes=xywh([person['box'] for person in marks['people']]))
    rows = []
    for person, instance in zip(marks['people'], result.instances):
        if not person['joints']:
            continue
        places = [model.joint_names.index(name) for name in person['joints']]
        errors = np.linalg.norm(
            instance.project(instance.joints)[places] - [*person['joints'].values()], axis=1
        )
        height = person['box'][3] - person['box'][1]
        rows.append(
            {
                'image': marks['file'],
                'box px': height,
                'joints': len(places),
                'error of box': float(errors.mean() / height),
                'confidence': instance.confidence,
            }
        )
    if show is not None:
        name = f'{Path(marks["file"]).stem}.jpg'
        picture = result_row(image.pixels(), result.instances, result.faces, model.crop.crop_size)
        write_image(show / name, picture)
    return rows


@report_user_errors()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=Path, help='folder with the images, searched by name')
    parser.add_argument('--model', default='mroi_open', help='name or path of a config')
    parser.add_argument('--checkpoint', help='of the config, in place of what it comes with')
    parser.add_argument('--show-dir', type=Path, help='folder for pictures of the bodies')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE')
    args = parse(parser, quick={})
    model = Inferencer(args.model, args.checkpoint, options=args.cfg_options)
    rows = []
    for marks, image in find_images(args.images):
        if marks['people']:
            rows += measure(model, marks, image, args.show_dir)
    mean = {name: float(np.mean([r[name] for r in rows])) for name in rows[0] if name != 'image'}
    report('real_images', [*rows, {'image': 'mean', **mean}], args.out)


if __name__ == '__main__':
    main()
