"""Bodies in SMPL's format: the licensed one where it lies, and one that is free."""

from mroi_plugin.body_models.free_body import export_free_body, free_mean_params, load_free_body
from mroi_plugin.body_models.official import UnsafeFileError, load_smpl_file
from mroi_plugin.body_models.smpl import (
    BODY_GENDERS,
    SMPLBody,
    body_digest,
    build_from_arrays,
    licensed_files,
    load_body_arrays,
    load_mean_params,
)

__all__ = [
    'BODY_GENDERS',
    'SMPLBody',
    'UnsafeFileError',
    'body_digest',
    'build_from_arrays',
    'export_free_body',
    'free_mean_params',
    'licensed_files',
    'load_body_arrays',
    'load_free_body',
    'load_mean_params',
    'load_smpl_file',
]
