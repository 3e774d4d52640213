"""Check that the adapter can run an architecture of mmhuman3d, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNSUPPORTED = {
    'VideoBodyModelEstimator': (
        'it works on video clips',
        'use ImageBodyModelEstimator on frames (configs/hosts/hmr_synthetic.py)',
    ),
    'SMPLXBodyModelEstimator': (
        'it regresses SMPL-X with hands and face',
        'use ImageBodyModelEstimator with SMPL (configs/hosts/hmr_synthetic.py)',
    ),
    'SMPLXImageBodyModelEstimator': (
        'it regresses SMPL-X with hands and face',
        'use ImageBodyModelEstimator with SMPL (configs/hosts/hmr_synthetic.py)',
    ),
    'PyMAFX': (
        'it regresses SMPL-X from several part networks and has no training code in mmhuman3d',
        'use ImageBodyModelEstimator with SMPL (configs/hosts/hmr_synthetic.py)',
    ),
}


class UnsupportedArchitectureError(ValueError):
    """A config of mmhuman3d that the adapter cannot run."""


def check_architecture(architecture: Mapping[str, Any]) -> None:
    """Refuse what cannot run, naming the part and what to use instead.

    Raises:
        UnsupportedArchitectureError: for video and expressive architectures, SPIN's fits in the
            loop and PARE's part segmentation.
    """
    name = str(architecture.get('type')).split('.')[-1]
    if name in UNSUPPORTED:
        why, instead = UNSUPPORTED[name]
        raise UnsupportedArchitectureError(f'architecture.type={name!r}: {why}; {instead}.')
    if architecture.get('registration') is not None:
        raise UnsupportedArchitectureError(
            'architecture.registration: the SMPLify fits that SPIN starts from '
            '(data/static_fits/*.npy) and its pose priors are not public; leave it out and train '
            "on the data sets' SMPL parameters (configs/hosts/spin_synthetic.py)."
        )
    if architecture.get('loss_segm_mask') is not None:
        raise UnsupportedArchitectureError(
            "architecture.loss_segm_mask: PARE's part segmentation is rendered with pytorch3d "
            'during training; leave the loss out (configs/hosts/pare_synthetic.py).'
        )
