"""The whole check of a config: files, contents, images, tables."""

from __future__ import annotations

import os.path as osp
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from mroi_plugin.data_preparation.data_check.content import (
    Content,
    check_body,
    check_values,
    describe,
    repeated_persons,
    square_boxes,
)
from mroi_plugin.data_preparation.data_check.images import check_images, draw_samples
from mroi_plugin.data_preparation.data_check.sources import where_from
from mroi_plugin.data_preparation.smpl_joints import AnnotationBodies
from mroi_plugin.datasets.annotations import read_annotations
from mroi_plugin.datasets.human_data import MultiRoIHumanDataset
from mroi_plugin.engine.config import load_config
from mroi_plugin.engine.config_checks import name_config_errors
from mroi_plugin.engine.preflight import required_files
from mroi_plugin.evaluation.evaluators import mesh_metrics_of
from mroi_plugin.models.body_models.gendered_bodies import GenderedBodies
from mroi_plugin.models.body_models.smpl import MODEL_PATH
from mroi_plugin.utils.atomic_files import write_json
from mroi_plugin.utils.progress import track
from mroi_plugin.utils.required_files import RequiredFile
from mroi_plugin.utils.terminal_tables import Name, table_of_numbers

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(
    config: str,
    samples: int = 64,
    images: int = 8,
    num_show: int = 0,
    out: str | None = None,
    seed: int = 0,
    options: Sequence[str] = (),
) -> bool:
    """Check all that a config needs and print what was found.

    Args:
        config: config file.
        samples: persons of each data set whose SMPL parameters are compared with their joints.
        images: images of each data set that are read.
        num_show: persons of each data set to draw.
        out: folder for ``check.json`` and pictures; ``work_dirs/check_data/<config>`` by default.
        seed: of the random choice of persons.
        options: ``KEY=VALUE`` overrides of the config.

    Returns:
        Whether training could start and nothing contradicts itself.
    """
    cfg = load_config(config, options=options)
    folder = Path(out or osp.join('work_dirs', 'check_data', Path(config).stem))
    console = Console()
    files = required_files(cfg.to_dict())
    console.print(_files_table(files))
    nodes = list(_datasets(cfg))
    contents = []
    for key, node in track(nodes, 'data sets', len(nodes), quiet=False):
        rng = np.random.default_rng(seed)
        with warnings.catch_warnings(), name_config_errors(config, cfg):
            warnings.simplefilter('ignore', UserWarning)  # said again as notes and problems
            content = _check_dataset(key, node, cfg, samples, images, num_show, folder, rng)
        contents.append(content)
    console.print(_content_table(contents))
    for content in contents:
        for line in (*content.problems, *(f'note: {note}' for note in content.notes)):
            console.print(f'- {line}', soft_wrap=True, markup=False, highlight=False)
    missing = [item.path for item in files if not osp.exists(item.path)]
    good = not missing and not any(content.problems for content in contents)
    report = {'config': config, 'good': good, 'missing': missing}
    report['datasets'] = [asdict(content) for content in contents]
    write_json(folder / 'check.json', report)
    console.print(f'{"all well" if good else "not ready"}; wrote {folder}/check.json')
    return good


SHARED = ('pipeline', 'body_model', 'box_padding', 'square_boxes')
"""Options that data sets may inherit from what holds them."""


def _datasets(cfg: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Configs of all data sets with files, each file once, with the options they inherit."""
    seen = set()
    for loader in (name for name in LOADERS if cfg.get(name)):
        for key, node in _nested(f'{loader}.dataset', cfg[loader].dataset, {}):
            if node['ann_file'] not in seen:
                seen.add(node['ann_file'])
                yield key, node


def _nested(
    key: str, node: Mapping[str, Any], inherited: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    shared = {k: v for k, v in node.items() if k in SHARED}
    merged = {**inherited, **shared}
    if 'ann_file' in node:
        yield key, {**merged, **node}
    for name, child in (node.get('datasets') or {}).items():
        yield from _nested(f'{key}.datasets.{name}', child, merged)
    if isinstance(node.get('dataset'), Mapping):
        yield from _nested(f'{key}.dataset', node['dataset'], merged)


def _check_dataset(
    key: str,
    node: Mapping[str, Any],
    cfg: Mapping[str, Any],
    samples: int,
    images: int,
    num_show: int,
    folder: Path,
    rng: np.random.Generator,
) -> Content:
    path, padding = node['ann_file'], node.get('box_padding', 1.2)
    if not osp.isfile(path):
        return Content(key, path, 0, {}, notes=[f'{path} is missing: nothing of it was checked.'])
    try:
        annotations = read_annotations(path, 'smpl_54')
        annotations.check_annotated(node.get('annotated', ()))
    except ValueError as error:
        return Content(key, path, 0, {}, problems=[str(error)])
    content = describe(key, annotations)
    content.notes += [f'{path}: {note}' for note in annotations.index.notes]
    content.notes += repeated_persons(annotations)
    if not node.get('square_boxes'):
        content.notes += square_boxes(annotations, node['pipeline'].get('crop', {}))
    findings = check_values(annotations)
    chosen = np.sort(rng.permutation(len(annotations))[: max(samples, images, num_show)])
    options = _body_model(node, cfg)
    bodies = AnnotationBodies(
        options.get('model_path', MODEL_PATH), options.get('free_body', False)
    )
    if bodies.digest() is None:
        content.notes.append(f'{path}: no body, so poses were not compared with joints.')
    else:
        found, content.misfit_px = check_body(annotations, chosen[:samples], bodies)
        findings += found
    for finding in findings:
        told = content.notes if finding.rare else content.problems
        told.append(finding.describe(path, annotations.image_paths))
    load = dict(node['pipeline']['load'])
    dataset = MultiRoIHumanDataset(path, node['image_dir'], [load], 'smpl_54', padding)
    if load.get('backend_args') or osp.isdir(node['image_dir']):
        content.problems += check_images(dataset, chosen[:images])
        if num_show and bodies.digest() is not None and not content.problems:
            _draw(chosen[:num_show], node, options, folder / key.replace('.', '_'))
    return content


def _body_model(node: Mapping[str, Any], cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the body that the truth is posed with: a metric's, the model's, or the data
    set's."""
    metrics = mesh_metrics_of(cfg.get('test_evaluator'))
    given = (place.get('body_model') for place in (*metrics, cfg['model'], node))
    return dict(next(filter(None, given), {'type': 'SMPLBody'}))


def _draw(
    samples: Sequence[int], node: Mapping[str, Any], options: dict[str, Any], folder: Path
) -> None:
    with_body = MultiRoIHumanDataset(
        node['ann_file'],
        node['image_dir'],
        [dict(node['pipeline']['load'])],
        'smpl_54',
        node.get('box_padding', 1.2),
        options,
        square_boxes=node.get('square_boxes', False),
    )
    bodies = GenderedBodies(options, or_neutral=True)
    sheet = draw_samples(with_body, samples, dict(node['pipeline']['crop']), bodies, folder)
    print(f'wrote {sheet}')


def _files_table(files: Sequence[RequiredFile]) -> Table:
    table = Table(title='files')
    for column in ('', 'file', 'named by', 'where to get it'):
        table.add_column(column, overflow='fold')
    for item in files:
        there = osp.exists(item.path)
        mark = '[green]yes[/green]' if there else '[red]no[/red]'
        source = '' if there else where_from(str(item.path)) or item.hint
        table.add_row(mark, str(item.path), item.config_key, source)
    return table


def _content_table(contents: Sequence[Content]) -> Table:
    shares = ('2D', '3D', 'SMPL', 'camera', 'gender')
    numbers = ('persons', *shares, 'SMPL off\n2D [px]', 'problems')
    table = table_of_numbers('annotations', 'file', *numbers)
    for content in contents:
        row = [f'{content.shares[name]:.0%}' if content.shares else '-' for name in shares]
        misfit = '-' if content.misfit_px is None else f'{content.misfit_px:.1f}'
        problems = str(len(content.problems))
        table.add_row(Name(content.ann_file), str(content.persons), *row, misfit, problems)
    return table
