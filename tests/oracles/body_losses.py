"""L_smpl, L_vert, L_3D and L_2D, masked by what each sample really has."""

from __future__ import annotations

import numpy as np

from oracles.cameras import crop_to_full, project
from oracles.rotations import axis_angle_to_matrix


def mean_or_zero(values):
    """Mean of a list of numbers; 0 when there is nothing to supervise."""
    return float(np.mean(values)) if len(values) else 0.0


def pose_loss(pred, target_axis_angle, has_smpl):
    """Mean squared error of the rotation matrices (N, J, 3, 3) over the persons with SMPL."""
    terms = []
    for p, t, has in zip(pred, target_axis_angle, has_smpl):
        if has:
            for joint, vector in zip(p, t):
                terms += list(((joint - axis_angle_to_matrix(vector)) ** 2).ravel())
    return mean_or_zero(terms)


def betas_loss(pred, target, has_smpl):
    """Mean squared error of the shape (N, 10) over the persons with SMPL."""
    terms = [(p - t) ** 2 for p, t, has in zip(pred, target, has_smpl) if has]
    return mean_or_zero(np.ravel(terms))


def vertex_loss(pred, target, has_smpl):
    """Mean absolute error of the vertices (N, V, 3) over the persons with SMPL."""
    terms = [np.abs(p - t) for p, t, has in zip(pred, target, has_smpl) if has]
    return mean_or_zero(np.ravel(terms))


def squared_errors(pred, target, confidence):
    """Confidence-weighted squared errors of all coordinates of all joints, as a flat list."""
    return [c * (a - b) ** 2 for p, t, c in zip(pred, target, confidence) for a, b in zip(p, t)]


def reprojection_distances(points, cameras, rois, focal_px, pp, target_px):
    """Per RoI and joint, the 2D residual in the full image divided by the RoI's b: (M, K, 2)."""
    residuals = []
    for camera, roi in zip(cameras, rois):
        pixels = project(points, crop_to_full(camera, roi, focal_px), focal_px, pp)
        residuals.append((pixels - target_px) / roi[2])
    return np.array(residuals)
