"""What a user reads of an error."""

from __future__ import annotations

import os
import warnings

import pytest

from mroi_plugin.utils.errors import message_of, report_user_errors


def said(capsys, function):
    with pytest.raises(SystemExit) as stop, report_user_errors():
        function()
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_a_bare_key_is_told_with_its_place(capsys):
    text = said(capsys, lambda: {}['body_model'])
    assert text.startswith("error: the key 'body_model' is missing (")
    assert f'{__file__}:' in text and text.endswith('a config or a file lacks it.\n')


def test_a_sentence_stays_as_it_is(capsys):
    def refuse():
        raise KeyError("no component 'Head' in model")

    assert said(capsys, refuse) == "error: no component 'Head' in model\n"


def test_the_traceback_of_a_worker_is_left_out():
    error = ValueError('Traceback ...\nInvalidSampleError: a.jpg is missing.\n')
    assert message_of(error) == 'a.jpg is missing.'


def test_warnings_are_a_line_each_and_told_once(capsys):
    before = warnings.showwarning
    with report_user_errors():
        for text in ('a.npz: a note\nof two lines', 'another', 'another'):
            warnings.warn(text, stacklevel=1)
    assert capsys.readouterr().err == 'warning: a.npz: a note\\nof two lines\nwarning: another\n'
    assert warnings.showwarning is before


def test_a_fault_without_a_file_is_told_with_its_place(capsys):
    def lose_a_child():
        os.kill(2**22, 0)  # Linux has fewer processes

    text = said(capsys, lose_a_child)
    assert text.startswith('error: [Errno 3] No such process (') and f'{__file__}:' in text


def test_a_fault_with_a_file_stays_as_it_is(capsys, tmp_path):
    text = said(capsys, (tmp_path / 'none').read_bytes)
    assert text == f"error: [Errno 2] No such file or directory: '{tmp_path}/none'\n"
