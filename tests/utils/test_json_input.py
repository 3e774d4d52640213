"""JSON files that a user gives."""

from __future__ import annotations

import pytest

from mroi_plugin.utils.json_input import load_json


def test_a_key_that_is_there_twice(tmp_path):
    """Of which readers keep the last in silence."""
    path = tmp_path / 'boxes.json'
    path.write_text('{"a.jpg": [[1, 2, 3, 4]], "b.jpg": [], "a.jpg": []}')
    with pytest.raises(ValueError, match=r"boxes\.json \(boxes\).*the key 'a.jpg' is there twice"):
        load_json(path, 'boxes', 'boxes by name')
