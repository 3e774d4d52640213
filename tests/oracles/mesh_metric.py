"""MPJPE, PA-MPJPE, PVE and the camera residual of a batch, by loops over its persons."""

from __future__ import annotations

import numpy as np

from oracles.cameras import project
from oracles.procrustes import camera_residual_px, mpjpe, pa_mpjpe

H36M_TO_J14 = [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
NAMES = ('mpjpe', 'pa_mpjpe', 'pve', 'camera_residual_px')


def posed_alone(body, batch: dict, i: int) -> np.ndarray:
    """Vertices of the truth of one person, posed by itself."""
    posed = body(
        global_orient=batch['smpl_global_orient'][i : i + 1],
        body_pose=batch['smpl_body_pose'][i : i + 1].flatten(1),
        betas=batch['smpl_betas'][i : i + 1],
    )
    return posed['vertices'][0].double().numpy()


def expected_metrics(body, batch: dict, samples: list[dict], bodies=None) -> dict[str, float]:
    """All errors by loops over the persons, in mm and px."""
    regressor = body.J_regressor_h36m.double().numpy()
    rows = {name: [] for name in NAMES}
    for i, sample in enumerate(samples):
        if len(sample['pred_cam_full']) > 1:
            pixels = [
                project(
                    sample['pred_joints'].numpy(), t.double().numpy(), sample['focal_length'].item()
                )
                for t in sample['pred_cam_full']
            ]
            rows['camera_residual_px'].append(camera_residual_px(pixels))
        if not batch['has_smpl'][i]:
            continue
        pred = sample['pred_vertices'].double().numpy()
        truth = posed_alone((bodies or {}).get(int(batch['gender'][i]), body), batch, i)
        joints, true_joints = regressor @ pred, regressor @ truth
        roots = joints[None, 0], true_joints[None, 0]
        j14, true_j14 = joints[None, H36M_TO_J14], true_joints[None, H36M_TO_J14]
        rows['mpjpe'] += list(1000 * mpjpe(j14, true_j14, *roots))
        rows['pa_mpjpe'] += list(1000 * pa_mpjpe(j14, true_j14))
        rows['pve'] += list(1000 * mpjpe(pred[None], truth[None], *roots))
    return {name: float(np.mean(row)) for name, row in rows.items() if row}
