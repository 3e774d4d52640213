"""HybrIK's body from the same files as every other body."""

from __future__ import annotations

from typing import Any

from torch import nn

from mroi_plugin.models.body_models.kinematic_tree import use_known_parents
from mroi_plugin.models.body_models.smpl import MODEL_PATH, build_from_arrays, load_body_arrays
from mroi_plugin.registry import MODELS, register


@register(MODELS, mmhuman3d='BODY_MODELS')
def HybrIKBody(model_path: str = MODEL_PATH, free_body: bool = False, **options: Any) -> nn.Module:
    """Build mmhuman3d's own ``HybrIKSMPL``, which solves poses from joints.

    Args:
        model_path: folder of ``SMPL_NEUTRAL.pkl``; used whenever the file lies there.
        free_body: use the free body where there is no licensed file.
        **options: further options of ``HybrIKSMPL``.

    Raises:
        FileNotFoundError: if a licensed file is needed and missing.
    """
    arrays = load_body_arrays(model_path, 'neutral', free_body)
    from mroi_plugin.mmhuman3d_compat.loading import load_mmhuman3d

    load_mmhuman3d()
    from mmhuman3d.models.body_models.smpl import HybrIKSMPL

    body = build_from_arrays(HybrIKSMPL, arrays, model_path=model_path, gender='neutral', **options)
    # HybrIK reports the 17 joints of Human3.6M as its extra ones.
    body.joints_regressor_extra = body.J_regressor_h36m
    use_known_parents(body)
    return body
