"""One image of the data set and its annotation, from the seed, the split and the index alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.body import SyntheticBody
from synthetic_humans.image import render_image
from synthetic_humans.people import Person, sample_person
from synthetic_humans.views import View, box_of, sample_view
from synthetic_humans.wardrobe import Wardrobe

SPLITS = ('train', 'test')
CONVENTION = 'smpl_54'
"""Of the annotated joints."""
_GEOMETRY, _LOOKS = 0, 1


@dataclass(frozen=True)
class Scene:
    """A person and a camera, with the randomness that paints the rest."""

    person: Person
    view: View
    looks: np.random.Generator


def _stream(seed: int, split: str, index: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, SPLITS.index(split), index, purpose])


def sample_scene(body: SyntheticBody, seed: int, split: str, index: int) -> Scene:
    """Draw image `index` of a split; it depends on nothing else than these numbers.

    Args:
        body: the body to show.
        seed: of the data set.
        split: 'train' or 'test'.
        index: of the image in its split.
    """
    geometry = _stream(seed, split, index, _GEOMETRY)
    person = sample_person(geometry, body)
    view = sample_view(geometry, person)
    return Scene(person, view, _stream(seed, split, index, _LOOKS))


def annotate(scene: Scene) -> dict[str, np.ndarray]:
    """Return the annotation of a scene.

    Returns:
        bbox (5,) x, y, w, h px and 1: the box of the body within the image, no padding;
        keypoints2d (54, 3) px, confidence 0 outside the image and 1 inside, hidden or not;
        keypoints3d (54, 4) m, camera frame, confidence 1; smpl parameters in the camera frame:
        body_pose (23, 3), global_orient (3,), betas (10,), transl (3,) m;
        focal_length (2,) px, principal_point (2,) px, size (2,) = (W, H) px.
    """
    person, view = scene.person, scene.view
    size = np.asarray(view.size)
    pixels = view.project(person.joints)
    inside = ((pixels >= 0) & (pixels <= size - 1)).all(1)
    pelvis = view.to_camera(person.pelvis_rest + person.origin)
    orient = Rotation.from_matrix(np.einsum('ij,jk->ik', view.rotation, person.facing))
    ones = np.ones((len(pixels), 1))
    record = {
        'bbox': np.append(box_of(view.project(person.vertices), view.size), 1.0),
        'keypoints2d': np.hstack([pixels, inside[:, None]]),
        'keypoints3d': np.hstack([view.to_camera(person.joints), ones]),
        'body_pose': person.body_pose,
        'global_orient': orient.as_rotvec(),
        'betas': person.betas,
        'transl': pelvis - person.pelvis_rest,
        'focal_length': np.full(2, view.focal_length),
        'principal_point': view.principal_point,
    }
    record = {name: np.asarray(value, np.float32) for name, value in record.items()}
    record['size'] = size.astype(np.int32)
    return record


def to_table(
    image_paths: list[str], records: list[dict[str, np.ndarray]], misc: dict[str, Any]
) -> dict[str, Any]:
    """Return the annotations of N images as a HumanData table, in the order that is written.

    Args:
        image_paths: N paths relative to the data set's image folder.
        records: N annotations from `annotate`.
        misc: provenance, plain strings and numbers.
    """
    from mroi_plugin.datasets.annotation_file import to_human_data  # workers do without torch

    columns = {name: np.stack([record[name] for record in records]) for name in records[0]}
    table = {'image_path': list(image_paths), 'bbox_xywh': columns['bbox']}
    for name in ('keypoints2d', 'keypoints3d'):
        table[name], table[f'{name}_mask'] = to_human_data(columns[name], CONVENTION)
    smpl = {name: columns[name] for name in ('body_pose', 'global_orient', 'betas', 'transl')}
    return {
        **table,
        'smpl': smpl,
        'meta': {'gender': ['neutral'] * len(records)},
        'misc': dict(misc),
        'cam_param': {'f': columns['focal_length'], 'c': columns['principal_point']},
        'image_width': columns['size'][:, 0],
        'image_height': columns['size'][:, 1],
        'has_smpl': np.ones(len(records), np.float32),
    }


def encode_image(scene: Scene, body: SyntheticBody, wardrobe: Wardrobe) -> bytes:
    """Draw the image of a scene and return it as the bytes of a JPEG file.

    Raises:
        RuntimeError: if OpenCV cannot encode it.
    """
    image = render_image(scene.looks, body, wardrobe, scene.person, scene.view)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(scene.looks.integers(84, 95))]
    done, data = cv2.imencode('.jpg', image[..., ::-1], quality)
    if not done:
        raise RuntimeError(f'OpenCV could not encode a picture of shape {image.shape} as JPEG')
    return data.tobytes()
