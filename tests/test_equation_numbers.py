"""Every numbered equation of the method is found by its number, ``grep "Eq. 16"``."""

from __future__ import annotations

import re

import pytest
from locations import ROOT

EQUATIONS = range(1, 20)
"""Of v2, whose numbers hold everywhere; those of other texts are named with them."""
OTHERS = {'v1 Eq.', 'HybrIK Eq.'}
FILES = [
    path
    for folder in ('mroi_plugin', 'tests', 'configs', 'docs', 'tools', 'projects')
    for path in (ROOT / folder).rglob('*')
    if path.suffix in ('.py', '.md')
]
TEXTS = {
    path: path.read_text(encoding='utf-8')
    for path in FILES
    if path.name != 'test_' + 'equation_numbers.py'
}
PACKAGE = ' '.join(t for p, t in TEXTS.items() if (ROOT / 'mroi_plugin') in p.parents)


@pytest.mark.parametrize('number', EQUATIONS)
def test_the_package_names_it(number):
    found = re.findall(rf'(\w+ )?Eq\. {number}\b', PACKAGE)
    assert any(f'{before}Eq.' not in OTHERS for before in found)


def test_ranges_hide_no_number():
    bad = r'Eqs?\.?[ \n]+\(?\d+\)?(-|–| and| to)[ \n]*\(?\d|equations? \d'
    hidden = {str(p.relative_to(ROOT)): re.findall(bad, t) for p, t in TEXTS.items()}
    assert {name: found for name, found in hidden.items() if found} == {}


def test_a_number_is_on_the_line_of_its_word():
    """A wrapped line would hide it from grep."""
    assert [str(path) for path, text in TEXTS.items() if re.search(r'Eq\.\n', text)] == []
