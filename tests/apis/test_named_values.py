"""Values of images by their names: the longest end of a path, never another folder, no tie."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.apis.inputs import InputImage
from mroi_plugin.apis.named_values import NamedValues
from mroi_plugin.utils.names import list_some


def image(name, frame=None):
    return InputImage(name, (64, 48), np.zeros((48, 64, 3), np.uint8), frame=frame)


def find(names, *images):
    values = NamedValues({name: name for name in names}, 'boxes')
    return [values.of(i if isinstance(i, InputImage) else image(i)) for i in images]


@pytest.mark.parametrize(
    ('name', 'path'),
    [
        ('a.jpg', '/d/x/a.jpg'),
        ('a', '/d/x/a.jpg'),
        ('x/a.jpg', '/d/x/a.jpg'),
        ('./x/a.jpg', '/d/x/a.jpg'),
        ('../x/a.jpg', '/d/x/a.jpg'),
        ('x/y/../a', '/d/x/a.jpg'),
        ('x\\a.jpg', '/d/x/a.jpg'),
        ('C:\\data\\x\\a.jpg', '/d/x/a.jpg'),
        ('/nowhere/x/a.jpg', '/d/x/a.jpg'),
        ('/d/x/a.jpg', '/d/x/a.jpg'),
        ('a.b.jpg', '/d/a.b.jpg'),
        ('a.b', '/d/a.b.jpg'),
        ('139', '/d/000000000139.jpg'),
        ('000139', '/d/139.jpg'),
        ('139', 'COCO_val2014_000000000139.jpg'),
        ('val/139', '/d/val/000000000139.jpg'),
        ('a#12', '/d/a#12.jpg'),
        ('array_000003', 'array_000003'),
        ('a b ü.jpg', '/d/a b ü.jpg'),
    ],
)
def test_found(name, path):
    assert find([name], path) == [name]


@pytest.mark.parametrize(
    ('name', 'path'),
    [
        ('y/a.jpg', '/d/x/a.jpg'),
        ('d/a.jpg', '/d/x/a.jpg'),
        ('/nowhere/y/a.jpg', '/d/x/a.jpg'),
        ('C:\\a.jpg', '/d/x/a.jpg'),
        ('y/139', '/d/x/000000000139.jpg'),
        ('b/x/a.jpg', 'x/a.jpg'),
        ('jpg', 'a.jpg'),
        ('a.png', 'a.jpg'),
        ('A.jpg', 'a.jpg'),
        ('13', '139.jpg'),
        ('139', 'a139.jpg'),
        ('', 'a.jpg'),
        ('/', 'a.jpg'),
        ('v.mp4#3', 'v.mp4'),
    ],
)
def test_not_found(name, path):
    assert find([name], path) == [None]


def test_a_path_of_this_machine_is_of_its_own_folder(tmp_path):
    """The same end, but the file exists elsewhere: it is another image."""
    for folder in ('one', 'two'):
        (tmp_path / folder / 'cam').mkdir(parents=True)
        (tmp_path / folder / 'cam' / 'a.jpg').touch()
    one, two = (str(tmp_path / folder / 'cam' / 'a.jpg') for folder in ('one', 'two'))
    assert find([one], two) == [None] and find([one], one) == [one]


def test_paths_are_those_of_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / 'x').mkdir()
    monkeypatch.chdir(tmp_path / 'x')
    assert find(['x/a.jpg'], 'a.jpg') == ['x/a.jpg']
    assert find(['y/a.jpg'], 'a.jpg') == [None]


def test_the_longest_end_wins():
    names = ['a.jpg', 'x/a', 'd/x/a.jpg']
    assert find(names, '/d/x/a.jpg', '/e/x/a.jpg', '/y/a.jpg') == ['d/x/a.jpg', 'x/a', 'a.jpg']
    assert find(['/nowhere/x/a.jpg', 'x/a.jpg'], '/d/x/a.jpg') == ['x/a.jpg']
    assert find(['/nowhere/x/a.jpg', 'a.jpg'], '/d/x/a.jpg') == ['/nowhere/x/a.jpg']
    assert find(['x/139', '000139', '139.jpg'], '/y/139.jpg') == ['139.jpg']
    assert find(['139', '139.png'], '139.png') == ['139.png']


def test_a_video_and_its_frames():
    frames = [image('/d/v.mp4#000000', 0), image('/d/v.mp4#000012', 12)]
    assert find(['v.mp4'], *frames) == ['v.mp4', 'v.mp4']
    assert find(['v'], *frames) == ['v', 'v']
    assert find(['v.mp4#12', 'v'], *frames) == ['v', 'v.mp4#12']
    assert find(['d/v#000012'], *frames) == [None, 'd/v#000012']
    assert find(['e/v.mp4#12'], *frames) == [None, None]


@pytest.mark.parametrize('names', [('x/a.jpg', 'x\\a.jpg'), ('139', '0139'), ('a', './a')])
def test_two_names_of_one_image(names):
    with pytest.raises(ValueError, match='boxes: .* fit the image .* equally well') as error:
        find(names, '/d/x/a.jpg', '/d/000139.jpg')
    assert all(repr(name) in str(error.value) for name in names)


@pytest.mark.parametrize('name', ['a.jpg', 'a'])
@pytest.mark.parametrize('video', [False, True])
def test_one_name_of_two_images(name, video):
    paths = ['/x/a.jpg', '/y/a.jpg']
    images = [image(f'{p}#000001', 1) if video else image(p) for p in paths]
    with pytest.raises(ValueError, match=f"boxes: '{name}' fits two images, /x/a.jpg and /y/a.jpg"):
        find([name], *images)


def test_the_same_image_twice_is_no_tie():
    assert find(['a.jpg'], '/x/a.jpg', '/x/./a.jpg') == ['a.jpg', 'a.jpg']


def test_a_number_and_a_text_of_the_same_name():
    with pytest.raises(ValueError, match="boxes: '139' is there as a number and as a text"):
        NamedValues({139: 0, '139': 1}, 'boxes')


def test_what_was_not_used():
    values = NamedValues({'a': 1, 'b': 2, 'C:\\x\\c.jpg': 3}, 'boxes')
    assert values.unused() == ['a', 'b', 'C:\\x\\c.jpg']
    values.of(image('a.jpg')), values.of(image('/x/c.jpg'))
    assert values.unused() == ['b'] and values.moved() == ['C:\\x\\c.jpg']


def test_a_list_is_short_and_one_line():
    assert list_some(['a', 'b']) == "'a', 'b'"
    assert list_some(['a\nb', *'cdef']) == "'a\\nb', 'c', 'd' and 2 more"


@pytest.mark.parametrize('name', ['z\u00fcrich.jpg', 'zu\u0308rich.jpg'])
@pytest.mark.parametrize('path', ['d/z\u00fcrich.jpg', 'd/zu\u0308rich.jpg'])
def test_accents_are_the_same_however_they_are_written(name, path):
    assert NamedValues({name: 1}, 'boxes').of(image(path)) == 1
