"""Persons of a HumanData file: one row each, masks that say what is known."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from mroi_plugin.datasets.index import ANNOTATED, Index, open_index
from mroi_plugin.datasets.person_columns import read_poses

__all__ = ['Annotations', 'read_annotations', 'read_poses']


class Annotations:
    """Persons of one annotation file, mapped from its index: processes share the memory.

    Args:
        index: of the file.
        box_padding: factor on the sides of the boxes in `row`.
        source: the file.

    Attributes:
        arrays: float32 arrays with one row per person: ``box_center`` (2) and ``box_size`` (2) px
            as annotated, ``keypoints2d`` (K, 3), ``keypoints3d`` (K, 4), ``smpl_body_pose``
            (23, 3), ``smpl_global_orient`` (3), ``smpl_betas`` (10), ``smpl_transl`` (3),
            ``has_smpl`` (), ``has_transl`` () and, where annotated, ``focal_length`` () px,
            ``principal_point`` (2) px and ``image_size`` (2) px, width and height. Further columns
            may be added.
        image_paths: relative to the image folder of the data set.
        genders: 0 male, 1 female, -1 neutral.
        shares: share of persons, 0 to 1, who have each of `ANNOTATED`.
        body: fingerprint of the body that made the annotation, if the file says so.
    """

    def __init__(self, index: Index, box_padding: float, source: str) -> None:
        self.index, self.box_padding, self.source = index, box_padding, source
        self.arrays = dict(index.arrays)
        self.image_paths, self.genders = index.image_paths, index.genders
        self.shares, self.body = index.shares, index.body

    def __len__(self) -> int:
        return len(self.image_paths)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, it is the path of the index and the columns that were added."""
        added = {n: a for n, a in self.arrays.items() if a is not self.index.arrays.get(n)}
        return _restore, (self.index, self.box_padding, self.source, added)

    def row(self, index: int) -> dict[str, Any]:
        """One person as float64 arrays, the box padded; ``focal_length`` and ``box_padding`` are
        floats."""
        row = {name: array[index].astype(np.float64) for name, array in self.arrays.items()}
        row['box_size'] = row['box_size'] * self.box_padding
        row['box_padding'] = self.box_padding
        if 'focal_length' in row:
            row['focal_length'] = float(row['focal_length'])
        return {**row, 'image_path': self.image_paths[index], 'gender': int(self.genders[index])}

    def check_annotated(self, wanted: Sequence[str]) -> None:
        """Refuse a file in which nobody has what is wanted.

        Args:
            wanted: some of `ANNOTATED`.

        Raises:
            ValueError: naming what is absent, or an unknown name.
        """
        unknown = sorted(set(wanted) - set(ANNOTATED))
        if unknown:
            raise ValueError(f'annotated={unknown}: expected some of {", ".join(ANNOTATED)}.')
        absent = [name for name in wanted if not self.shares[name]]
        if absent:
            raise ValueError(
                f'{self.source}: of its {len(self)} persons nobody has {", ".join(absent)}, which '
                'the config says its data set has (annotated): losses and errors on them would '
                'silently be nothing. Complete the file with mroi complete-annotations, take those '
                'names out of annotated, or test by a --protocol that does without them.'
            )

    def check_body(self, body: Any) -> None:
        """Refuse a body whose parameters mean something else than those of the file.

        Raises:
            ValueError: if the file names the body it was made with and ``body`` is another.
        """
        from mroi_plugin.models.body_models.smpl import body_digest

        if self.body is not None and self.body != body_digest(body):
            raise ValueError(
                f'{self.source} was rendered from the body {self.body}, but body_model is '
                f'{body_digest(body)}: SMPL parameters do not carry over. Make the data again with '
                'mroi make-data --force, or set body_model to the body it was made '
                'from.'
            )


def _restore(
    index: Index, box_padding: float, source: str, added: dict[str, np.ndarray]
) -> Annotations:
    annotations = Annotations(index, box_padding, source)
    annotations.arrays.update(added)
    return annotations


def read_annotations(path: str, convention: str, box_padding: float = 1.0) -> Annotations:
    """Open an mmhuman3d HumanData ``.npz`` by its index, which is built the first time.

    Args:
        path: the file.
        convention: keypoint convention wanted.
        box_padding: factor on the sides of ``bbox_xywh``.

    Raises:
        FileNotFoundError: if the file is missing.
        AnnotationError: if it cannot be read, holds no person, an empty or NaN box, or columns of
            unequal length.
        ValueError: for an impossible ``box_padding`` or an unknown convention.
    """
    if not 0 < box_padding < float('inf'):
        raise ValueError(f'{path}: box_padding={box_padding}, expected a factor above 0, e.g. 1.2.')
    index = open_index(path, convention)
    for note in index.notes:
        warnings.warn(f'{path}: {note}', stacklevel=2)
    return Annotations(index, box_padding, path)
