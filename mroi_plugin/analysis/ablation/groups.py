"""Groups of ablation configs that are compared, and the papers' numbers."""

from __future__ import annotations

from mroi_plugin.utils.errors import UsageError

DATASET_VARIABLE = 'MROI_ABLATION_DATASET'
"""Environment variable by which the configs choose their base; ``papers`` if it is not set."""
DATASETS = ('embedded', 'open', 'papers')

GROUPS = {
    'components': (
        'components_none',
        'components_no_contrastive',
        'components_no_fusion',
        'components_no_camera',
        'components_all',
    ),
    'rois': ('rois_1', 'rois_2', 'rois_3', 'rois_4', 'rois_5'),
    'crops': (
        'crops_fixed_copies',
        'crops_fixed_scale',
        'crops_fixed_shift',
        'crops_fixed_both',
        'crops_random',
    ),
    'relation': (
        'relation_null',
        'relation_absolute',
        'relation_relative_l0',
        'relation_relative_l32',
        'relation_relative_l64',
    ),
    'fusion': (
        'fusion_self_attention',
        'fusion_pair_mlp',
        'fusion_linear_as_printed',
        'components_all',
    ),
    'camera': ('camera_shared', 'components_all'),
    'encoders': (
        'encoders_sized',
        'encoders_shared_1_5x',
        'encoders_shared_1x',
        'components_all',
    ),
    'losses': ('losses_as_printed', 'components_all'),
}
"""Rows of each table."""

SAME_AS = {
    'rois_1': 'components_none',
    'rois_5': 'components_all',
    'crops_fixed_both': 'components_all',
    'relation_relative_l32': 'components_all',
}
"""Rows that are the training of another row, which is done once."""

REFERENCES = dict.fromkeys(('fusion', 'camera', 'encoders', 'losses'), 'components_all')
"""Row that the others of a group are compared with, where it is not the first."""

PAPER_ERRORS = {
    'components_none': (84.6, 54.2),
    'components_no_contrastive': (83.4, 53.3),
    'components_no_fusion': (83.8, 54.8),
    'components_no_camera': (83.1, 52.0),
    'components_all': (80.8, 51.9),
    'rois_1': (84.6, 54.2),
    'rois_2': (82.9, 54.4),
    'rois_3': (81.2, 52.3),
    'rois_4': (82.2, 53.1),
    'rois_5': (80.8, 51.9),
    'crops_fixed_copies': (83.6, 54.4),
    'crops_fixed_scale': (83.4, 53.3),
    'crops_fixed_shift': (83.1, 52.0),
    'crops_fixed_both': (80.8, 51.9),
    'crops_random': (84.4, 54.1),
    'relation_null': (98.7, 56.9),
    'relation_absolute': (87.6, 55.0),
    'relation_relative_l0': (81.6, 52.9),
    'relation_relative_l32': (80.8, 51.9),
    'relation_relative_l64': (81.1, 52.3),
}
"""MPJPE and PA-MPJPE, mm, of a network trained on COCO and tested on 3DPW (v1 Tables 2 to 5)."""


def rows_of(group: str) -> tuple[str, ...]:
    """Rows of a group's table.

    Raises:
        UsageError: if there is no such group.
    """
    if group not in GROUPS:
        raise UsageError(f'group {group!r}: expected one of {", ".join(GROUPS)}.')
    return GROUPS[group]
