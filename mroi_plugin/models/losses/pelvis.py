"""The pelvis that 3D joints are centered on."""

from __future__ import annotations

from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names

PELVIS = (('right_hip_extra', 'left_hip_extra'), ('right_hip', 'left_hip'))
"""Joints whose mean is the pelvis, best first: those that data sets annotate, then SMPL's own."""


def pelvis_roots(convention: str) -> list[list[int]]:
    """Index sets whose mean joint is the pelvis, best first.

    Args:
        convention: name of an mmhuman3d keypoint convention.

    Raises:
        ValueError: if the convention is unknown or has no hips.
    """
    names = keypoint_names(convention)
    roots = [[names.index(n) for n in pair] for pair in PELVIS if set(pair) <= set(names)]
    if not roots:
        raise ValueError(
            f'convention={convention!r} has none of the hips {PELVIS}: 3D joints cannot be '
            "centered on the pelvis; use 'smpl_54'."
        )
    return roots
