"""Settings in the text of a config, read without running it."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

MAX_TOKENS = 10_000
"""Of a statement; configs of this project have a thousand."""


def read_setting(text: str, name: str) -> Any:
    """Value of one assignment at the top of a config's text, as mmengine keeps it in checkpoints.

    Args:
        text: Python of assignments, literals and ``dict(...)``.
        name: of the setting, e.g. ``model``.

    Raises:
        KeyError: if there is no such assignment.
        ValueError: if its value, or the text, is anything else; nothing of it is executed.
    """
    if not _is_of_statements(text):
        raise ValueError('no config: it has a statement without end')
    try:
        for line in ast.parse(text).body:
            goals = line.targets if isinstance(line, ast.Assign) else ()
            if [goal.id for goal in goals if isinstance(goal, ast.Name)] == [name]:
                return _value(line.value)
    except (SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise ValueError(f'no config: {error}') from error
    raise KeyError(name)


def _is_of_statements(text: str) -> bool:
    """Whether no statement is longer than `MAX_TOKENS`: Python's parser may end the process where
    expressions are nested deeply."""
    length = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            length = 0 if token.type == tokenize.NEWLINE else length + 1
            if length > MAX_TOKENS:
                return False
    except (tokenize.TokenError, SyntaxError):
        return False
    return True


def read_value(text: str) -> Any:
    """Value of an expression of literals and ``dict(...)``.

    Raises:
        ValueError: if it is anything else; nothing of it is executed.
    """
    try:
        return _value(ast.parse(text.strip(), mode='eval').body)
    except SyntaxError as error:
        raise ValueError(f'{text!r} is no value: {error.msg}') from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        if not (isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args):
            raise ValueError(f'{ast.unparse(node)!r} is no literal')
        return {keyword.arg: _value(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.Dict):
        keys = [None if key is None else ast.literal_eval(key) for key in node.keys]
        return dict(zip(keys, map(_value, node.values)))
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f'{ast.unparse(node)!r} is no literal') from None
