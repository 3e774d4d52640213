"""The model index names every recipe, in the form of OpenMMLab."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import pytest
import yaml
from locations import ROOT

FAMILIES = ('mroi', 'cliff')
METRICS = {'3DPW': ('MPJPE', 'PA-MPJPE', 'PVE'), 'Human3.6M': ('MPJPE', 'PA-MPJPE')}


def summary_of(path: Path) -> str:
    """The comment that a config begins with."""
    lines = path.read_text(encoding='utf-8').splitlines()
    return ' '.join(line.lstrip('# ') for line in takewhile(lambda x: x.startswith('#'), lines))


def read(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding='utf-8'))


FILES = [read(path) for path in read('model-index.yml')['Import']]
MODELS = [model for file in FILES for model in file['Models']]


def test_every_recipe_is_in_it_once():
    recipes = [
        str(path.relative_to(ROOT))
        for family in FAMILIES
        for path in (ROOT / 'configs' / family).glob('*.py')
    ]
    assert sorted(model['Config'] for model in MODELS) == sorted(recipes)


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_an_entry_is_complete(model):
    assert model['Config'].endswith(f'/{model["Name"]}.py') and (ROOT / model['Config']).is_file()
    collections = {entry['Name'] for file in FILES for entry in file['Collections']}
    assert model['In Collection'] in collections
    assert model['Metadata']['Training Data']
    assert 'Weights' not in model  # nobody has published any


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_results_are_those_of_the_paper_and_say_so(model):
    family = (ROOT / model['Config']).parent
    readme = (family / 'README.md').read_text(encoding='utf-8')
    row = re.search(rf'^\| `{model["Name"]}` \|.*', readme, re.MULTILINE).group()
    reported = 'mm in the paper' in summary_of(ROOT / model['Config'])
    assert ('Results' in model) == reported
    for result in model.get('Results', ()):
        names = METRICS[result['Dataset']]
        assert list(result['Metrics']) == [f'{name} (paper, mm)' for name in names]
        told = ' / '.join(str(value) for value in result['Metrics'].values())
        assert f'| {told} |' in row
    if reported:
        assert [result['Dataset'] for result in model['Results']] == list(METRICS)


@pytest.mark.parametrize('collection', [c for f in FILES for c in f['Collections']])
def test_a_collection_names_its_paper(collection):
    assert collection['Paper']['Title'] and collection['Paper']['URL'].startswith('https://')
    assert (ROOT / collection['README']).is_file()
