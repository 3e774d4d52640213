"""Checks of columns: what fits is handed on as it is, what does not is named."""

from __future__ import annotations

import numpy as np
import pytest

from mroi_plugin.datasets.annotation_columns import (
    check_rows,
    column,
    dictionary,
    file_names,
    gender_codes,
    is_finite,
    require_keys,
    rows,
)
from mroi_plugin.datasets.annotation_errors import AnnotationError


@pytest.mark.parametrize('shape', [(4, 6), (4, 2, 3), (4, 1, 6), (4, 6, 1)])
def test_rows_are_given_their_shape_without_a_copy(shape):
    values = np.arange(24, dtype=np.int16).reshape(shape)
    found = rows('f', 'x', values, 4, (2, 3))
    assert found.shape == (4, 2, 3) and found.dtype == np.int16
    assert np.shares_memory(found, values)


def test_further_numbers_are_left_out_if_that_is_allowed():
    values = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(rows('f', 'x', values, 3, (2,), more=True), values[:, :2])
    with pytest.raises(AnnotationError, match=r'f: x is of shape \(3, 4\), expected \(N, 2\)'):
        rows('f', 'x', values, 3, (2,))


def test_no_joints_are_rows_too():
    assert rows('f', 'x', np.zeros((3, 0, 4)), 3, (0, 4), exact=True).shape == (3, 0, 4)


@pytest.mark.parametrize(
    ('values', 'said'),
    [
        ([[1, 2], [3]], 'is a ragged list'),
        (['a', 'b'], 'is of type <U1'),
        (np.array([None, 1]), 'is of type object'),
        (np.zeros(2, complex), 'is of type complex128'),
        (np.zeros(2, np.longdouble), 'is of type'),
        (3.0, 'is a single value'),
        (np.zeros(3), 'has 3 rows beside 2 image paths'),
        (np.zeros((2, 2)), r'is of shape \(2, 2\), expected \(N,\), 1 number per person'),
        (np.zeros((2, 0)), r'is of shape \(2, 0\)'),
    ],
)
def test_what_is_no_column_is_named_with_what_to_do(values, said):
    with pytest.raises(AnnotationError, match=rf'^f: x {said}.*import_annotations\.py\.$'):
        rows('f', 'x', values, 2, ())


def test_a_column_is_a_copy_in_float64():
    values = np.ones((2, 3))
    found = column('f', 'x', values, 2, (3,))
    assert found.dtype == np.float64 and not np.shares_memory(found, values)
    values[1, 2] = np.inf
    with pytest.raises(AnnotationError, match='f: x of 1 persons, first sample 1, is .*inf'):
        column('f', 'x', values, 2, (3,), finite=True)


def test_finite_means_in_float32_too():
    values = np.array([[1, 2], [np.nan, 2], [1, 1e39], [-np.inf, 0], [-3e38, 3e38]])
    assert is_finite(values).tolist() == [True, False, False, False, True]
    assert is_finite(values[:, 0]).tolist() == [True, False, True, False, True]


def test_the_first_bad_row_is_named_with_its_image():
    good = np.array([True, False, False])
    with pytest.raises(
        AnnotationError, match=r'of 2 persons, first sample 1 \(b\.jpg\), is \[3, 4'
    ):
        check_rows('f', 'x', np.arange(1, 7).reshape(3, 2), good, 'y', ['a.jpg', 'b.jpg', 'c.jpg'])


def test_names_and_words():
    assert file_names('f', 'x', np.array([b'a', b'b'])) == ['a', 'b']
    with pytest.raises(AnnotationError, match='x of sample 1 is .*xff.*, expected the name'):
        file_names('f', 'x', [b'a', b'\xff'])
    assert file_names('f', 'x', ['a', np.str_('b')]) == ['a', 'b']
    assert gender_codes('f', 'x', [b'm', 'neutral', 'f'], 3).tolist() == [0, -1, 1]
    with pytest.raises(AnnotationError, match="f holds no 'x' entries"):
        file_names('f', 'x', [])


def test_dictionaries_and_keys():
    assert dictionary('f', {'a': None}, 'a') == dictionary('f', {}, 'a') == {}
    with pytest.raises(AnnotationError, match='f: a is a list, expected a dictionary'):
        dictionary('f', {'a': [1]}, 'a')
    with pytest.raises(AnnotationError, match='f lacks b, d; it has a, c. Do it.'):
        require_keys('f', {'a': 1, 'c': 2}, 'abcd', 'Do it.')
