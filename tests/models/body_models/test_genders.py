"""Genders in the words of annotation files."""

from __future__ import annotations

import enum

import numpy as np
import pytest

from mroi_plugin.models.body_models.genders import gender_code


class Gender(enum.Enum):
    MALE = 0
    FEMALE = 1


class Code(enum.IntEnum):
    MALE = 0
    FEMALE = 1


MALE = ('m', 'M', 'male', ' Male\n', 'man', b'male', np.str_('m'), 0, '0', np.int64(0), 0.0)
FEMALE = ('f', 'female ', 'Woman', b'f', np.bytes_(b'female'), 1, '1.0', np.float32(1), 'girl')
NEUTRAL = ('neutral', 'N', -1, '-1', 'unknown', np.int8(-1))
NONE = ('', None, float('nan'), 2, -2, 0.5, 'x', "b'f'", True, 'inf', b'\xff')


@pytest.mark.parametrize('value', [*MALE, Gender.MALE, Code.MALE, 'Gender.MALE'], ids=repr)
def test_male(value):
    assert gender_code(value) == 0


@pytest.mark.parametrize('value', [*FEMALE, Gender.FEMALE, Code.FEMALE], ids=repr)
def test_female(value):
    assert gender_code(value) == 1


@pytest.mark.parametrize('value', NEUTRAL, ids=repr)
def test_neutral_where_it_is_said(value):
    assert gender_code(value) == -1


@pytest.mark.parametrize('value', NONE, ids=repr)
def test_the_rest_is_no_gender(value):
    assert gender_code(value) is None
