"""A sheet of the body in several shapes and poses, to look at."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from mroi_plugin.visualization.drawing import draw_label, stack_row, stack_rows
from mroi_plugin.visualization.renderer import Mesh, render
from synthetic_humans.body import SyntheticBody

HANGING = {'left_shoulder': ('z', -65), 'right_shoulder': ('z', 65)}
POSES = {
    'standing': HANGING,
    'walking': {
        'left_shoulder': ('zx', (-72, -25)),
        'right_shoulder': ('zx', (72, 25)),
        'left_elbow': ('y', -25),
        'right_elbow': ('y', 25),
        'left_hip': ('x', -28),
        'right_hip': ('x', 18),
        'left_knee': ('x', 15),
        'right_knee': ('x', 35),
    },
    'sitting': {
        'left_shoulder': ('z', -72),
        'right_shoulder': ('z', 72),
        'left_elbow': ('y', -60),
        'right_elbow': ('y', 60),
        'left_hip': ('x', -88),
        'right_hip': ('x', -88),
        'left_knee': ('x', 88),
        'right_knee': ('x', 88),
    },
    'arms overhead': {
        'left_collar': ('z', 18),
        'right_collar': ('z', -18),
        'left_shoulder': ('z', 58),
        'right_shoulder': ('z', -58),
    },
}
"""Euler angles in degrees by joint; the T-pose everywhere else."""
SHAPES = {
    'mean': (0, 0),
    '+2 sd of 1': (0, 2),
    '-2 sd of 1': (0, -2),
    '+2 sd of 2': (1, 2),
    '-2 sd of 2': (1, -2),
}
JOINTS = {
    **{'left_hip': 1, 'right_hip': 2, 'left_knee': 4, 'right_knee': 5},
    **{'left_collar': 13, 'right_collar': 14, 'left_shoulder': 16, 'right_shoulder': 17},
    **{'left_elbow': 18, 'right_elbow': 19},
}
YAW_DEGREES = 30
SIZE, FOCAL_PX, DISTANCE_M = (280, 420), 800.0, 5.2
GRAY = 235


def axis_angles(angles: dict[str, tuple]) -> np.ndarray:
    """Pose (24, 3), radians, from Euler angles in degrees by joint name."""
    pose = np.zeros((24, 3))
    for name, (axes, degrees) in angles.items():
        pose[JOINTS[name]] = Rotation.from_euler(axes, degrees, degrees=True).as_rotvec()
    return pose


def draw_body(body: SyntheticBody, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Picture (h, w, 3) of the body in a pose (24, 3), radians, with betas (10)."""
    vertices = body.pose(pose[0], pose[1:], betas).vertices
    turn = Rotation.from_euler('y', YAW_DEGREES, degrees=True).as_matrix()
    in_camera = (vertices @ turn.T) * [1, -1, -1] + [0, 0.12, DISTANCE_M]
    background = np.full((SIZE[1], SIZE[0], 3), GRAY, np.uint8)
    center = (SIZE[0] / 2, SIZE[1] / 2)
    return render(Mesh(in_camera, body.faces), FOCAL_PX, center, SIZE, background=background).color


def body_sheet(body: SyntheticBody) -> np.ndarray:
    """Sheet (H, W, 3): a row for every pose, a column for every shape."""
    rows = []
    for pose_name, angles in POSES.items():
        row = []
        for shape_name, (component, amount) in SHAPES.items():
            picture = draw_body(body, axis_angles(angles), amount * np.eye(10)[component])
            row.append(draw_label(picture, f'{pose_name}, {shape_name}'))
        rows.append(stack_row(row))
    return stack_rows(rows)
