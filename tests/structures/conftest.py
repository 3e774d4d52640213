"""The body of the results that are written."""

from __future__ import annotations

import pytest

from mroi_plugin.models.body_models.smpl import SMPLBody


@pytest.fixture(scope='session')
def body():
    return SMPLBody(model_path='no/licensed/files', free_body=True)
