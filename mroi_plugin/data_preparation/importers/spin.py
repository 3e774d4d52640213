"""SPIN-style annotation files to HumanData.

Keys read (N persons):

- ``imgname`` (N) text, relative to the image folder; ``center`` (N, 2) px and ``scale`` (N): the
  box is square, its side is ``200 scale`` px; required;
- ``part`` (N, 24, 3) px and confidence, in 'smpl_24'; ``openpose`` (N, 25, 3) px and confidence, in
  'openpose_25'; at least one of the two, or ``S``;
- ``S`` (N, 24, 4) m and confidence, in 'smpl_24', camera axes;
- ``pose`` (N, 72) axis-angle, orientation first, camera axes; ``shape`` (N, 10); ``has_smpl`` (N);
- ``gender`` (N) text.
"""

from __future__ import annotations

from mroi_plugin.data_preparation.importers.spin_style import (
    ImportOptions,
    add_keypoints,
    add_smpl,
    base_table,
    check_import,
    finish,
    open_source,
    smpl_joints,
)
from mroi_plugin.datasets.annotation_errors import AnnotationError
from mroi_plugin.datasets.annotation_file import check_output

_JOINTS = ('part', 'openpose', 'S')


def import_spin(path: str, target: str, options: ImportOptions) -> dict[str, str]:
    """Import a SPIN-style ``.npz``; see the module for its keys.

    Args:
        path: the file.
        target: HumanData ``.npz`` to write.
        options: how.

    Returns:
        What the new file holds, for people.

    Raises:
        AnnotationError: for bad input, named with file, key and sample.
    """
    check_output(target, options.force)
    source = open_source(path, options)
    if not any(name in source.entries for name in _JOINTS):
        raise AnnotationError(
            f'{path} has none of {", ".join(_JOINTS)}: there are no joints in it.'
        )
    table = base_table(source, 'spin')
    add_keypoints(table, source, options)
    add_smpl(table, source)
    findings = check_import(table, source, smpl_joints(table, source, options), options)
    return finish(table, source, target, findings, options)
