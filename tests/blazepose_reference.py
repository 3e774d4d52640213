"""What LiteRT computes with BlazePose's TFLite files: makes tests/data/blazepose_outputs.npz.

In an environment with ``ai-edge-litert`` and scikit-image, and with the files of the npm package::

    python tests/blazepose_reference.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parent / 'data' / 'blazepose_outputs.npz'
STRIDE = {'heatmap': 16, 'mask': 64}
"""Of the large outputs every so many pixels are kept."""


def crops() -> np.ndarray:
    """Two of scikit-image's astronaut, (2, 256, 256, 3) RGB in [0, 1]: all of it, and the head."""
    from skimage.data import astronaut

    image = astronaut().astype(np.float32) / 255
    whole = image.reshape(256, 2, 256, 2, 3).mean((1, 3), dtype=np.float32)
    return np.stack([whole, image[:256, 96:352]])


def thinned(name: str, value: np.ndarray) -> np.ndarray:
    """(N, C), or (N, h, w, C) with few pixels."""
    stride = STRIDE.get(name, 1)
    return value[:, ::stride, ::stride] if value.ndim == 4 else value


def main(folder: str) -> None:
    """Run the files with LiteRT's own kernels, which are nearer to float64 than XNNPACK's."""
    import ai_edge_litert
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    found = {'litert': np.array(getattr(ai_edge_litert, '__version__', 'unknown'))}
    for variant in ('lite', 'full'):
        network = Interpreter(
            str(Path(folder) / f'pose_landmark_{variant}.tflite'),
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        network.resize_tensor_input(0, [2, 256, 256, 3])
        network.allocate_tensors()
        network.set_tensor(0, crops())
        network.invoke()
        names = ('landmarks', 'presence', 'mask', 'heatmap', 'world')
        for name, details in zip(names, network.get_output_details()):
            value = network.get_tensor(details['index'])
            found[f'{variant}_{name}'] = thinned(name, value)
            found[f'{variant}_{name}_range'] = np.ptp(value)
    np.savez_compressed(FILE, **found)


if __name__ == '__main__':
    main(*sys.argv[1:])
