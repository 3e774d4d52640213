"""Files of bodies that differ by gender."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from mroi_plugin.models.body_models.free_body import export_free_body

FACTORS = {'MALE': 1.1, 'FEMALE': 0.9}
"""Size, relative to the neutral body."""


def write_gendered(folder: Path) -> dict[str, Any]:
    """`SMPLBody` of a folder whose male body is larger and whose female body is smaller."""
    folder = export_free_body(folder)
    for gender, factor in FACTORS.items():
        path = folder / f'SMPL_{gender}.pkl'
        data = pickle.loads(path.read_bytes())
        path.write_bytes(pickle.dumps({**data, 'v_template': data['v_template'] * factor}))
    return {'type': 'SMPLBody', 'model_path': str(folder), 'free_body': False}
