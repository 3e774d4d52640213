"""The structure of the package: imports run downward, and never in a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from locations import ROOT

FLOORS = (
    '__main__',
    'cli',
    'commands',
    'analysis',
    'data_preparation',
    'deploy',
    'apis',
    'adapters',
    'engine',
    'evaluation',
    'visualization',
    'datasets',
    'models',
    'structures',
    'mmhuman3d_compat',
    'utils',
    'registry',
    'cameras',
    'version',
)
"""Packages and modules of the root, the top floor first; the root package itself is above them."""
PACKAGE = ROOT / 'mroi_plugin'
MAX_LINES = 300


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob('*.py'))}


def imports_of(module: str) -> set[str]:
    """Modules of the package that a module imports: at its top, in functions, or by a string."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{module}: relative import'
            for name in node.names:
                inner = f'{node.module}.{name.name}'
                found.add(inner if inner in MODULES else node.module)
        elif isinstance(node, ast.Constant) and node.value in MODULES:
            found.add(node.value)  # import_module('mroi_plugin...')
    return {name for name in found if name in MODULES and name not in (module, 'mroi_plugin')}


GRAPH = {module: imports_of(module) for module in MODULES}


def floor_of(module: str) -> int:
    parts = module.split('.')
    return -1 if len(parts) == 1 else FLOORS.index(parts[1])


@pytest.mark.parametrize('module', MODULES)
def test_imports_run_downward(module):
    upward = {
        name
        for name in GRAPH[module]
        if floor_of(name) < floor_of(module) or (floor_of(name) == -1 != floor_of(module))
    }
    assert not upward


def test_nobody_imports_from_the_root():
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ImportFrom) and node.module == 'mroi_plugin':
                assert all(f'mroi_plugin.{name.name}' in MODULES for name in node.names), module


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected sets of more than one node (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in graph[node]:
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            members = {stack.pop()}
            while node not in members:
                members.add(stack.pop())
            if len(members) > 1:
                found.append(members)

    for node in graph:
        if node not in order:
            visit(node)
    return found


def test_no_circle_of_files():
    assert circles(GRAPH) == []


def test_no_circle_of_packages():
    graph: dict[str, set[str]] = {name: set() for name in FLOORS}
    for module, names in GRAPH.items():
        if floor_of(module) >= 0:
            here = module.split('.')[1]
            graph[here] |= {name.split('.')[1] for name in names} - {here}
    assert circles(graph) == []


def test_a_circle_is_found():
    assert circles({'a': {'b'}, 'b': {'c'}, 'c': {'a'}, 'd': {'a'}}) == [{'a', 'b', 'c'}]


@pytest.mark.parametrize('module', MODULES)
def test_only_two_packages_know_mmcv_and_loaded_modules(module):
    if module.split('.')[1:2] in (['mmhuman3d_compat'], ['adapters']):
        return
    text = MODULES[module].read_text(encoding='utf-8')
    names = [
        node.names[0].name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert not any(name.split('.')[0] == 'mmcv' for name in names)
    assert 'sys.modules' not in text


@pytest.mark.parametrize('module', MODULES)
def test_a_file_holds_one_idea(module):
    assert len(MODULES[module].read_text(encoding='utf-8').splitlines()) <= MAX_LINES


@pytest.mark.parametrize('module', MODULES)
def test_the_project_of_the_synthetic_data_is_not_imported(module):
    text = MODULES[module].read_text(encoding='utf-8')
    names = [
        node.names[0].name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert not any(name.split('.')[0] in ('synthetic_humans', 'oracles') for name in names)
