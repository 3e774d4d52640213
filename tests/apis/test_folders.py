"""What is in a folder is read or named."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import pytest
from PIL import Image

from mroi_plugin.apis.folders import list_folder
from mroi_plugin.apis.inputs import count_images, iterate_images


@pytest.fixture
def folder(tmp_path):
    for name in ('b.JPG', 'sub/c.gif', 'sub/deep/d.png', '.hidden/e.png', 'a.tif'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path)
    for name in ('notes.txt', '._b.jpg', 'scan.pdf'):
        (tmp_path / name).write_text('x')
    os.symlink(tmp_path, tmp_path / 'circle')
    os.symlink(tmp_path / 'nowhere', tmp_path / 'gone.png')
    return tmp_path


def names(images, folder):
    return [os.path.relpath(image.name, folder) for image in images]


def test_folders_in_a_folder_are_named(folder):
    with pytest.warns(UserWarning) as told:
        found = names(iterate_images(folder), folder)
    assert found == ['a.tif', 'b.JPG'] and count_images(folder) == 2
    (message,) = [str(warning.message) for warning in told]
    assert 'no images or videos: ._b.jpg, gone.png, notes.txt, scan.pdf;' in message
    assert '--recursive reads them): .hidden, circle, sub' in message


def test_folders_in_a_folder_are_read(folder):
    with pytest.warns(UserWarning, match='folders skipped: .hidden, circle'):
        found = names(iterate_images(folder, recursive=True), folder)
    assert found == ['a.tif', 'b.JPG', 'sub/c.gif', 'sub/deep/d.png']
    assert count_images(folder, recursive=True) == 4


def test_a_folder_of_nothing_else(tmp_path):
    for i in range(20):
        (tmp_path / f'{i:02d}.txt').touch()
    with pytest.warns(UserWarning, match='07.txt and 12 more'):
        (image,) = iterate_images(tmp_path)
    assert 'the folder has no images or videos' in image.error
    assert count_images(str(tmp_path)) == count_images(str(tmp_path / '*.jpg')) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason='becomes another user')
def test_a_folder_that_may_not_be_read():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f'{folder}/closed', 0o000)
        os.seteuid(65534)
        try:
            found, told = list_folder(folder, recursive=True)
        finally:
            os.seteuid(0)
    assert found == [] and told == 'folders that cannot be read: closed'
