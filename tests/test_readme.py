"""What the README and the documentation name exists: commands, options, configs, files, types."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import shlex
from pathlib import Path

import pytest
from locations import ROOT

from mroi_plugin.analysis.ablation.groups import GROUPS
from mroi_plugin.cli import COMMANDS
from mroi_plugin.utils.config_files import find_config, list_configs

MAX_LINES = 120
PAGES = sorted(
    [
        ROOT / 'README.md',
        ROOT / 'CONTRIBUTING.md',
        *(ROOT / 'docs').glob('*.md'),
        *(ROOT / 'configs').glob('*/README.md'),
        ROOT / 'mroi_plugin' / 'assets' / 'README.md',
        ROOT / 'projects' / 'synthetic_humans' / 'README.md',
    ]
)
CHANGELOG = (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
MAKEFILE = (ROOT / 'Makefile').read_text(encoding='utf-8')
FOLDERS = 'configs|tools|mroi_plugin|docs|requirements|tests|benchmarks|projects'
OTHERS_FILES = {'NAME.py', 'CONFIG.py'}
SCRIPTS = {'check_equations', 'convert_detector', 'publish_model', 'quickstart'}
"""Tools that are no verbs."""
CONFIG_NAME = re.compile(r'(?<![\w/])(?:mroi|cliff|hmr|spin|pare|hybrik|host_cliff)_\w+')


def text_of(page: Path) -> str:
    return page.read_text(encoding='utf-8')


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', text_of(page), re.S)


def spans(page: Path) -> list[str]:
    """Inline code, outside of blocks."""
    return re.findall(r'`([^`]+)`', re.sub(r'```.*?```', '', text_of(page), flags=re.S))


def statements(page: Path) -> list[str]:
    """Commands of the blocks, one a string, and inline code that begins like one."""
    found = []
    for block in blocks(page, 'bash'):
        block = re.sub(r'(^|\s)#[^\n]*', '', block)
        block = re.sub(r'\\\n|\n\s+(?=\[)', ' ', block)
        found += re.split(r'\n|&&|;', block)
    found += [re.sub(r'\s+', ' ', span) for span in spans(page)]
    return [statement.strip() for statement in found if statement.strip()]


TOOL = r'(?:python\s+)?(?<![\w/])tools/(?P<tool>\w+)\.py'
COMMAND = re.compile(rf'(?:^|\s)(?:mroi|{TOOL})(?:\s+(?P<rest>.*)|$)')


def verb_and_words(statement: str) -> tuple[str, str] | None:
    """The verb of a statement and what follows it, None for another command."""
    match = COMMAND.search(statement)
    if match is None or match['tool'] in SCRIPTS or 'MMHUMAN3D' in statement:
        return None
    rest = match['rest'] or ''
    if match['tool']:
        return match['tool'].replace('_', '-'), rest
    verb, _, rest = rest.partition(' ')
    return verb, rest


def parser_of(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f'mroi {verb}')
    importlib.import_module(f'mroi_plugin.commands.{verb.replace("-", "_")}').add_arguments(parser)
    return parser


def options_of(verb: str) -> set[str]:
    if verb == 'make-data':
        source = (ROOT / 'projects' / 'synthetic_humans' / 'make_data.py').read_text()
        return {'--help', *re.findall(r"add_argument\(\s*'(--[\w-]+)'", source)}
    return {name for action in parser_of(verb)._actions for name in action.option_strings}


CALLS = sorted(
    {
        (page.relative_to(ROOT).as_posix(), *call)
        for page in PAGES
        for statement in statements(page)
        if (call := verb_and_words(statement)) is not None
    }
)


def test_the_readme_is_short():
    assert len(text_of(ROOT / 'README.md').splitlines()) <= MAX_LINES


def test_all_verbs_are_found():
    assert {verb for _, verb, _ in CALLS} >= set(COMMANDS)


@pytest.mark.parametrize(('page', 'verb', 'rest'), CALLS)
def test_commands_are_as_written(page, verb, rest):
    if verb in ('', 'VERB', '--help'):
        return
    assert verb in COMMANDS, f'{page}: mroi {verb}'
    named = set(re.findall(r'(?<!\S)\[?(--[\w-]+)', rest))
    assert named <= options_of(verb), f'{page}: mroi {verb} {rest}'
    if verb == 'make-data' or not rest or re.search(r'\[|\.\.\.|\||--help', rest):
        return  # a name, or a synopsis
    if named or ' ' in rest or verb in ('train', 'check-data'):
        words = shlex.split(rest.replace('FORMAT', 'spin'))
        check_values(verb, parser_of(verb).parse_args(words))


def check_values(verb: str, args: argparse.Namespace) -> None:
    """Configs and groups in the arguments exist, unless they stand for the reader's own."""
    configs = [method.partition('=')[0] for method in getattr(args, 'methods', [])]
    for config in [*configs, *([args.config] if hasattr(args, 'config') else [])]:
        if not config.isupper() and not config.startswith('my_project/'):
            assert find_config(config)
    if verb == 'ablate' and args.group != 'GROUP':
        assert args.group in GROUPS


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_config_names(page):
    found = set(CONFIG_NAME.findall('\n'.join([*spans(page), *blocks(page, 'bash')])))
    own = set(re.findall(r'my_project/(\w+)\.py', text_of(page)))
    unknown = {
        name for name in found - own - set(list_configs()) if not name.startswith('mroi_plugin')
    }
    assert not unknown


@pytest.mark.parametrize('family', ['mroi', 'cliff', 'ablations', 'hosts', 'mmhuman3d'])
def test_every_config_is_in_the_table_of_its_family(family):
    table = text_of(ROOT / 'configs' / family / 'README.md')
    names = {path.stem for path in (ROOT / 'configs' / family).glob('*.py')}
    shown = set(re.findall(r'(?<=\| )`(?:configs/mmhuman3d/)?(\w+)(?:\.py)?`(?= \|)', table))
    assert names and names <= shown


def known_paths() -> set[str]:
    """Every file and folder of the repository by each end of its path."""
    tops = [ROOT / name for name in FOLDERS.split('|')]
    paths = [*ROOT.glob('*'), *(path for top in tops for path in top.rglob('*'))]
    ends = set()
    for path in paths:
        parts = path.relative_to(ROOT).parts
        ends |= {'/'.join(parts[start:]) for start in range(len(parts))}
    return ends


KNOWN = known_paths()


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_paths(page):
    code = ' '.join([*spans(page), *blocks(page, 'bash')])
    found = re.findall(rf'(?<![\w/.])(?:{FOLDERS})/[\w/.-]+', code)
    found += [s for s in spans(page) if re.fullmatch(r'[\w/-]+\.(?:py|txt|md)|(?:[a-z_]+/)+', s)]
    named = {path.strip('/.') for path in found}
    own = set(re.findall(r'<!-- file: (\S+) -->', text_of(page)))
    missing = {
        path
        for path in named - own - OTHERS_FILES
        if path not in KNOWN and path.split('/')[0] not in ('work_dirs', 'data')
    }
    assert not missing


def slug(heading: str) -> str:
    """Anchor of a heading, as GitHub makes it."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links(page):
    prose = re.sub(r'```.*?```', '', text_of(page), flags=re.S)
    for target in re.findall(r'\]\(([^)\s]+)\)', prose):
        if '://' in target:
            continue
        path, _, anchor = target.partition('#')
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in map(slug, re.findall(r'^#+ (.+)$', text_of(linked), re.M)), target


SOURCES = '\n'.join(
    path.read_text(encoding='utf-8')
    for top in ('mroi_plugin', 'configs', 'tools', 'tests', 'projects')
    for path in sorted((ROOT / top).rglob('*.py'))
    if path.name not in ('test_readme.py', 'test_extending.py')
)
WORDS = set(re.findall(r'\w+', SOURCES))


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_types(page):
    code = ' '.join([*spans(page), *blocks(page, 'python')])
    named = set(re.findall(r'\b(?:[A-Z]+[a-z0-9]+){2,}[A-Z]*\b', code))
    defined = set(re.findall(r'^class (\w+)', '\n'.join(blocks(page, 'python')), re.M))
    theirs = {'SquaredBetasLoss', 'HumanData', 'FSDPStrategy', 'HumanImageDataset', 'PekingU'}
    theirs |= {'BodyModelEstimator', 'LocalVisBackend', 'TensorboardVisBackend', 'WandbVisBackend'}
    assert named - defined - theirs <= WORDS


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_python_blocks_are_python(page):
    for block in blocks(page, 'python'):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module.startswith('mroi_plugin'):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, name.name) for name in node.names)


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_make_targets(page):
    for target in set(re.findall(r'(?:^|\s)make ([a-z]+)\b', '\n'.join(statements(page)))):
        assert re.search(rf'^{target}:', MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_benchmarks(page):
    for name, rest in re.findall(r'python (benchmarks/\w+\.py)([^`\n]*)', text_of(page)):
        source = (ROOT / name).read_text(encoding='utf-8')
        assert all(f"'{option}'" in source for option in re.findall(r'--[\w-]+', rest))


def test_equations_are_where_the_method_page_says():
    table = re.findall(
        r'^\| .+? \| (.*?Eq.*?) \| (.+?) \|$', text_of(ROOT / 'docs/method.md'), re.M
    )
    assert len(table) > 8
    for equations, files in table:
        paths = [
            ROOT / 'mroi_plugin' / path for path in re.findall(r'`(\w+/[\w/]+\.py|\w+\.py)`', files)
        ]
        paths += [paths[0].parent / path.name for path in paths]
        text = ' '.join(path.read_text(encoding='utf-8') for path in paths if path.is_file())
        for equation in re.findall(r'(?:v1 )?Eq\. \d+', equations):
            assert re.search(rf'{equation}\b', text), (equation, files)


ROW = r'^\| (?:type|class) \| `(\w+)`(?:, `(\w+)`)? \| `(\w+)`(?:, `(\w+)`)? \|$'
RENAMED = re.findall(ROW, CHANGELOG, re.MULTILINE)


def test_the_changelog_names_what_there_is():
    old = {name for row in RENAMED for name in row[:2] if name}
    new = {name for row in RENAMED for name in row[2:] if name}
    assert len(old) > 12 and new <= WORDS
    assert not {name for name in old if re.search(rf'^class {name}\b', SOURCES, re.M)}
    packages = re.search(r'Modules, in .*?\n\n(.*?)\n\n', CHANGELOG, re.S).group(1)
    named = {
        path
        for line in packages.splitlines()[2:]
        for path in re.findall(r'`([\w/.]+)`', line.split('|')[2])
    }
    assert named and named <= KNOWN
