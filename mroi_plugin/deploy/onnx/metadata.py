"""What a stranger needs to know of an ONNX file, as its metadata; docs/onnx.md explains it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.datasets.transforms.roi_reach import MIN_SHARE, STEPS
from mroi_plugin.deploy.onnx.image_model import ImageModel
from mroi_plugin.deploy.onnx.wrapped_model import WrappedModel
from mroi_plugin.mmhuman3d_compat.conventions import keypoint_names
from mroi_plugin.version import __version__

ROIS = 'center relative to the principal point and side, px of the image'
CAMERA_AXES = 'camera axes, x right, y down, z forward'
INPUTS = {
    'crops': 'uint8 (N, M, 3, h, w) RGB in 0..255',
    'rois': f'float32 (N, M, 3) {ROIS}',
    'focal_length': 'float32 (N) px',
    'shared_roi': f'float32 (N, 3) {ROIS}: what the crop shows',
    'image': 'uint8 (H, W, 3) RGB in 0..255, upright',
    'boxes': 'float32 (N, 4) x, y, w, h px, tight; whole numbers are pixel centers',
}
OUTPUTS = {
    'pred_pose': 'float32 (N, 24, 3, 3) rotations of SMPL, the first from its axes to the '
    "camera's, others relative to the parent joint",
    'pred_betas': 'float32 (N, 10) shape of SMPL, standard deviations',
    'pred_cam': 'float32 (N, M, 3) s, t_x, t_y of every RoI, t in m',
    'pred_cam_full': f'float32 (N, M, 3) translation that every RoI implies, m, {CAMERA_AXES}: '
    't_x + 2 c_x / (b s), t_y + 2 c_y / (b s), 2 f / (b s) of the RoI c_x, c_y, b',
    'fusion_weights': 'float32 (N, M, M) row m: weights of what is fused into RoI m',
    'pred_vertices': f'float32 (N, V, 3) m, {CAMERA_AXES}, without translation',
    'pred_joints': f'float32 (N, K, 3) m, {CAMERA_AXES}, without translation',
    'pred_transl': f'float32 (N, 3) m, {CAMERA_AXES}: where the body is',
    'rois': f'float32 (N, M, 3) {ROIS}',
}
GEOMETRY = {
    'box_rule': 'center = (x + w / 2, y + h / 2); b = longest of box_padding * (w, h) * '
    'max(crop) / (crop width, crop height)',
    'roi_rule': 'RoI m has the center c_m = center + roi_shifts[m] * b and the side '
    'b_m = roi_scales[m] * b, which is the longer side of its crop; roi = (c_m - principal point, '
    'b_m)',
    'reach_rule': 'where less than min_shown_share of the area of a crop shows the image, c_m '
    'becomes c_m + step * (clip(c_m, 0, (W - 1, H - 1)) - c_m) with the first of reach_steps that '
    'shows enough, or the last',
    'crop_rule': 'pixel (u, v) of a crop shows the image at c_m + ((u, v) - ((crop width, crop '
    'height) - 1) / 2) * b_m / max(crop); whole numbers are pixel centers',
    'interpolation': 'bilinear between the 4 nearest pixels, without antialiasing; 0 outside of '
    'the image; rounded to uint8 (cv2.warpAffine, INTER_LINEAR, BORDER_CONSTANT)',
    'bbox_info': '(2.8 c_x / f, 2.8 c_y / f, (b - 0.24 f) / (0.06 f)) of a roi c_x, c_y, b; '
    'computed inside',
    'default_focal_length': 'sqrt(W^2 + H^2) px',
    'default_principal_point': '(W / 2, H / 2) px',
    'projection': 'pixel = f * (X, Y) / Z + principal point, of X, Y, Z = point + translation',
}

SHARED_RULE = (
    'one crop of shared_crop_size_hw shows all RoIs of a person; crop_rule has, in place of c_m '
    'and b_m, the center and side of the smallest that contains them: half_m = b_m (crop width, '
    'crop height) / max(crop) / 2, low = min over m of c_m - half_m, high likewise, center (low + '
    'high) / 2, side = longest of (high - low) max(crop) / (crop width, crop height); shared_roi = '
    '(center - principal point, side)'
)


def metadata(
    network: WrappedModel,
    module: WrappedModel | ImageModel,
    crop: MultiRoICrop,
    box_padding: float,
    **of_file: Any,
) -> dict[str, str]:
    """Metadata of a file: texts, and values as JSON.

    Args:
        network: in the file.
        module: that the file was made of.
        crop: of the config's test pipeline.
        box_padding: factor on the sides of boxes.
        of_file: further entries.
    """
    from_image = isinstance(module, ImageModel)
    preprocessor, model = network.model.data_preprocessor, network.model
    inputs = {name: INPUTS[name] for name in module.inputs}
    if from_image:
        inputs['focal_length'] = 'float32 () px'
    elif network.shared_crop:
        inputs['crops'] = inputs['crops'].replace('(N, M,', '(N, 1,')
    outputs = {name: OUTPUTS[name] for name in module.outputs}
    if 'pred_transl' in outputs:
        found = 'by landmarks of the image' if model.landmark_joints else 'pred_cam_full of RoI 0'
        outputs['pred_transl'] += f', {found}'
    shared_size = {'shared_crop_size_hw': crop.cut_size[::-1]}
    values: dict[str, Any] = {
        'mroi_plugin': __version__,
        **of_file,
        'inputs': inputs,
        'outputs': outputs,
        'num_rois': model.head.num_rois,
        'crop_size_hw': crop.crop_size[::-1],
        'box_padding': box_padding,
        'roi_shifts': crop.shifts.tolist(),
        'roi_scales': crop.scales.tolist(),
        'min_shown_share': MIN_SHARE,
        'reach_steps': STEPS,
        'color_order': 'RGB',
        'pixel_mean': preprocessor.mean.flatten().tolist(),
        'pixel_std': preprocessor.std.flatten().tolist(),
        'normalization': '(pixel - pixel_mean) / pixel_std; computed inside',
        **GEOMETRY,
        **({'shared_rule': SHARED_RULE, **shared_size} if network.shared_crop else {}),
        'joint_names': keypoint_names(model.body_model.keypoint_dst),
        'cropping': 'inside; the principal point is the default one'
        if from_image
        else 'by the caller',
    }
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def add_metadata(path: Path, content: dict[str, str]) -> None:
    """Write the metadata into an ONNX file, and check that it is a valid one."""
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, content)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
