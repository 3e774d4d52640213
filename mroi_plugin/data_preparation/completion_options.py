"""Options of the completion of a HumanData file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mroi_plugin.models.body_models.smpl import MODEL_PATH

BOXES = ('auto', 'keep', 'projected')


@dataclass(frozen=True)
class CompletionOptions:
    """Options of the completion of a file.

    Args:
        body_model: folder of the licensed SMPL files.
        free_body: use the free body where there are none.
        pw3d_root: folder of 3DPW; its sequence files say where persons stand.
        fit_translation: where no translation is annotated, fit one to the annotated 2D joints.
        joints_only: add pelvis-centered 3D joints to persons without translation, nothing on the
            image.
        boxes: ``keep``, ``projected`` (of the projected COCO joints), or ``auto``: projected for
            3DPW alone.
        box_padding: factor on the sides of projected boxes.
        focal_length: pixels or ``diagonal``, where no camera is annotated.
        principal_point: pixels, where none is annotated; the middle of the image by default.
        image_dir: folder of the images, whose sizes are read.
        overwrite_keypoints: replace annotated joints by SMPL's.
        on_suspect: see `annotation_errors.ON_SUSPECT`.
        force: replace a file that is there.
        quiet: show no progress bars.
    """

    body_model: str = MODEL_PATH
    free_body: bool = False
    pw3d_root: str | None = None
    fit_translation: bool = False
    joints_only: bool = False
    boxes: str = 'auto'
    box_padding: float = 1.2
    focal_length: float | str | None = None
    principal_point: Sequence[float] | None = None
    image_dir: str | None = None
    overwrite_keypoints: bool = False
    on_suspect: str = 'error'
    force: bool = False
    quiet: bool = False
