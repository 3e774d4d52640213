"""One image of the data set and its annotations, from the seed, the split and the index alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.body import SyntheticBody
from synthetic_humans.clearance import Clearance
from synthetic_humans.exposure import encode, expose
from synthetic_humans.image import render_scene
from synthetic_humans.people import Person
from synthetic_humans.scenes import Scene, sample_scene
from synthetic_humans.tailor import Tailor
from synthetic_humans.views import View
from synthetic_humans.visibility import box_inside, is_annotated, visible_share

SPLITS = ('train', 'test')
RESERVED_SPLIT = 'test'
"""The split that has the reserved poses, outfits and stock images to itself."""
CONVENTION = 'smpl_54'
"""Of the annotated joints."""
_GEOMETRY, _LOOKS = 0, 1


class Studio:
    """What all images share: the body, the test for collisions, the tailor.

    Args:
        body: the body of all people.
    """

    def __init__(self, body: SyntheticBody) -> None:
        self.body = body
        self.clearance = Clearance(body)
        self.tailor = Tailor(body)

    def scene(self, seed: int, split: str, index: int) -> Scene:
        """Draw people and camera of image `index` of a split; they depend on nothing else."""
        rng = _stream(seed, split, index, _GEOMETRY)
        return sample_scene(rng, self.body, self.clearance, split == RESERVED_SPLIT)

    def shot(self, seed: int, split: str, index: int) -> tuple[bytes, dict[str, np.ndarray]]:
        """Draw image `index` of a split.

        Returns:
            The bytes of its JPEG file, and `annotate` of those who are seen well enough, stacked
            (N, ...); N may be 0.
        """
        scene = self.scene(seed, split, index)
        rng = _stream(seed, split, index, _LOOKS)
        image, owner = render_scene(rng, scene, self.tailor, split == RESERVED_SPLIT)
        data = encode(rng, expose(rng, image))
        rows = []
        for number, person in enumerate(scene.people):
            share = visible_share(person, scene.view, owner == number, self.body.faces)
            row = annotate(person, scene.view, self.body.faces, share)
            if is_annotated(row):
                rows.append(row)
        if not rows:
            row = annotate(scene.people[0], scene.view, self.body.faces, 0.0)
            return data, {name: np.zeros((0, *v.shape), v.dtype) for name, v in row.items()}
        return data, {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _stream(seed: int, split: str, index: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, SPLITS.index(split), index, purpose])


def annotate(
    person: Person, view: View, faces: np.ndarray, visible: float = 1.0
) -> dict[str, np.ndarray]:
    """Return the annotation of a person under a camera.

    Args:
        person: who.
        view: the camera.
        faces: (F, 3), of the body.
        visible: their visible share, see `visibility.visible_share`.

    Returns:
        bbox (5,) x, y, w, h px and 1: the tight box of the part of the body within the image, no
        padding, hidden or not; keypoints2d (54, 3) px, confidence 0 outside the image and 1
        inside, hidden or not; keypoints3d (54, 4) m, camera frame, confidence 1; smpl parameters
        in the camera frame: body_pose (23, 3), global_orient (3,), betas (10,), transl (3,) m;
        focal_length (2,) px, principal_point (2,) px, size (2,) = (W, H) px; visible (), 0..1.
    """
    pixels = view.project(person.joints)
    inside = view.inside(pixels)
    pelvis = view.to_camera(person.pelvis_rest + person.origin)
    orient = Rotation.from_matrix(np.einsum('ij,jk->ik', view.rotation, person.orient))
    ones = np.ones((len(pixels), 1))
    record = {
        'bbox': np.append(box_inside(view.project(person.vertices), faces, view.size), 1.0),
        'keypoints2d': np.hstack([pixels, inside[:, None]]),
        'keypoints3d': np.hstack([view.to_camera(person.joints), ones]),
        'body_pose': person.body_pose,
        'global_orient': orient.as_rotvec(),
        'betas': person.betas,
        'transl': pelvis - person.pelvis_rest,
        'focal_length': np.full(2, view.focal_length),
        'principal_point': view.principal_point,
        'visible': visible,
    }
    record = {name: np.asarray(value, np.float32) for name, value in record.items()}
    record['size'] = np.asarray(view.size, np.int32)
    return record


def to_table(
    image_paths: list[str], columns: dict[str, np.ndarray], misc: dict[str, Any]
) -> dict[str, Any]:
    """Return the annotations of N people as a HumanData table, in the order that is written.

    Args:
        image_paths: N paths relative to the data set's image folder; people may share one.
        columns: (N, ...) of `annotate`.
        misc: provenance, plain strings and numbers.
    """
    from mroi_plugin.datasets.annotation_file import to_human_data  # workers do without torch

    table = {'image_path': list(image_paths), 'bbox_xywh': columns['bbox']}
    for name in ('keypoints2d', 'keypoints3d'):
        table[name], table[f'{name}_mask'] = to_human_data(columns[name], CONVENTION)
    smpl = {name: columns[name] for name in ('body_pose', 'global_orient', 'betas', 'transl')}
    return {
        **table,
        'smpl': smpl,
        'meta': {'gender': ['neutral'] * len(image_paths)},
        'misc': dict(misc),
        'cam_param': {'f': columns['focal_length'], 'c': columns['principal_point']},
        'image_width': columns['size'][:, 0],
        'image_height': columns['size'][:, 1],
        'has_smpl': np.ones(len(image_paths), np.float32),
        'visible': columns['visible'],
    }
