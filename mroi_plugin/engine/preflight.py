"""Every file that a config needs, checked before anything expensive starts."""

from __future__ import annotations

import os.path as osp
from collections.abc import Iterator, Mapping
from typing import Any

from mroi_plugin.datasets.transforms.multi_roi_crop import DEFAULT_SCALES
from mroi_plugin.engine.config_checks import check_sections
from mroi_plugin.engine.config_keys import LOADERS, LOOPS
from mroi_plugin.mmhuman3d_compat.loading import missing_packages
from mroi_plugin.models.body_models.smpl import BODY_GENDERS, licensed_files
from mroi_plugin.registry import MODELS
from mroi_plugin.utils.config_tree import dictionaries
from mroi_plugin.utils.required_files import MissingFilesError, RequiredFile, require_files

CONVENTION = 'smpl_54'
"""Of joints, where none is given."""
GET_SMPL = (
    'register at the SMPL web site and put the files there (docs/data.md, "Licensed files"), '
    'or set free_body=True to use the free body'
)
GET_TRANSFORMERS = 'download the model there (huggingface-cli download NAME --local-dir FOLDER)'
GET_DATA = 'convert the data set with mmhuman3d (docs/data.md), or train mroi_synthetic'
MAKE_DATA = 'run: mroi make-data'
GET_WEIGHTS = (
    'download COCO 2D-pose weights to that place, or set the init_cfg of the backbone to None to '
    'train from scratch'
)


def _files_of(key: str, node: Mapping[str, Any], local: bool) -> Iterator[RequiredFile]:
    """Files that one dictionary of a config names; images only if they are local files."""
    if 'ann_file' in node and 'image_dir' in node:
        hint = MAKE_DATA if 'synthetic' in node['ann_file'] else GET_DATA
        yield RequiredFile(node['ann_file'], f'{key}.ann_file', hint)
        if local:
            yield RequiredFile(node['image_dir'], f'{key}.image_dir', hint)
    if 'prior_file' in node:
        hint = MAKE_DATA if 'synthetic' in node['prior_file'] else GET_DATA
        yield RequiredFile(node['prior_file'], f'{key}.prior_file', hint)
    if 'free_body' in node and not node['free_body']:
        purpose = 'mean_params' if key.endswith('mean_params') else 'body_model'
        gendered = 'evaluator' in key or key.endswith('target_bodies')  # truth is
        genders = BODY_GENDERS if gendered else ('neutral',)
        for path in licensed_files(node['model_path'], purpose, genders):
            yield RequiredFile(path, f'{key}.model_path', GET_SMPL)
    if node.get('type') == 'TransformersBackbone' and node.get('pretrained'):
        yield RequiredFile(node['pretrained'], f'{key}.pretrained', GET_TRANSFORMERS)
    checkpoint = node.get('checkpoint')
    if node.get('type') == 'Pretrained' and checkpoint and '://' not in checkpoint:
        run = osp.dirname(checkpoint)
        hint = (
            f'run: mroi train {osp.basename(run)}' if run.startswith('work_dirs/') else GET_WEIGHTS
        )
        yield RequiredFile(checkpoint, f'{key}.checkpoint', hint)


USED = ('model', *LOADERS, *(f'{loop}_evaluator' for loop in LOOPS))
"""Entries of a config that are built; others only name what several of these share."""


def required_files(cfg: Mapping[str, Any]) -> list[RequiredFile]:
    """Files that the data sets, body models and pretrained weights of a config need; each path
    once."""
    found = {}
    for part in (part for part in USED if part in cfg):
        nodes = list(dictionaries(cfg[part], part))
        local = not any(node.get('backend_args') for _, node in nodes)
        for key, node in nodes:
            for item in _files_of(key, node, local):
                found.setdefault(item.path, item)
    if cfg.get('load_from') and '://' not in cfg['load_from']:
        path = cfg['load_from']
        found[path] = RequiredFile(path, 'load_from', 'give the checkpoint of a training run')
    return list(found.values())


def check_files(cfg: Mapping[str, Any]) -> None:
    """Refuse to start while a file that the config needs is missing.

    Raises:
        MissingFilesError: naming all missing files at once, each with its config key and what to
            do.
    """
    require_files(required_files(cfg))


def check_rois(cfg: Mapping[str, Any]) -> None:
    """Refuse a config whose pipelines cut another number of RoIs than its head was built for.

    Raises:
        ValueError: naming both keys and numbers.
    """
    name = str(cfg['model'].get('type'))
    if '.' not in name and getattr(MODELS.get(name), 'takes_any_rois', False):
        return
    wanted = cfg['model'].get('head', {}).get('num_rois', 1)
    chosen = '-'  # key of a data set that takes some of the RoIs that are cut
    for key, node in dictionaries({k: v for k, v in cfg.items() if k.endswith('_dataloader')}):
        given = None
        if node.get('type') == 'CachedMapsDataset' and node.get('num_rois'):
            chosen, given = key, 1 if node['num_rois'] == 'any' else node['num_rois']
        elif node.get('type') == 'MultiRoICrop' and not key.startswith(f'{chosen}.'):
            given = node.get('num_rois') or 1 + len(node.get('scales', DEFAULT_SCALES))
        if given not in (None, wanted):
            raise ValueError(
                f'{key}.num_rois is {given} but model.head.num_rois is {wanted}: set both to the '
                'same M; more than 5 RoIs also need shifts and scales in MultiRoICrop.'
            )


def check_crops(cfg: Mapping[str, Any]) -> None:
    """Refuse a config whose pipelines cut other crops than its encoder sees.

    Raises:
        ValueError: naming both keys.
    """
    encoder = cfg['model'].get('encoder') or {'type': 'CropEncoder'}
    wanted = getattr(MODELS.get(encoder['type']), 'shared_crop', False)
    for key, node in dictionaries({k: v for k, v in cfg.items() if k.endswith('_dataloader')}):
        if node.get('type') == 'MultiRoICrop' and (node.get('shared') is not None) != wanted:
            raise ValueError(
                f'{key}.shared={node.get("shared")}, but model.encoder is {encoder["type"]}: set '
                f'it to {"a factor, as 1.5" if wanted else "None"}, or choose another encoder.'
            )


def check_samples(cfg: Mapping[str, Any]) -> None:
    """Refuse a config whose samples cannot be batched, or have other joints than are exchanged.

    Raises:
        ValueError: naming the key.
    """
    for loader in (name for name in LOADERS if cfg.get(name)):
        collate = (cfg[loader].get('collate_fn') or {'type': 'pseudo_collate'}).get('type')
        if collate == 'pseudo_collate':  # mmengine's, where none is given
            raise ValueError(
                f'{loader}.collate_fn is {collate}, which makes no tensors: set it to '
                "dict(type='default_collate')."
            )
        nodes = list(dictionaries(cfg[loader].get('dataset'), f'{loader}.dataset'))
        given = [(key, node['convention']) for key, node in nodes
                 if 'convention' in node and {'ann_file', 'datasets'} & set(node)]  # fmt: skip
        for key, node in nodes:
            own = node.get('convention', CONVENTION)
            for dataset, convention in given or [(f'{loader}.dataset', CONVENTION)]:
                if node.get('type') == 'RandomFlipRotateScale' and convention != own:
                    raise ValueError(
                        f'{dataset}.convention is {convention!r}, but {key}.convention, by which '
                        f'left and right are exchanged, is {own!r}: set both to the same.'
                    )


def check_features(cfg: Mapping[str, Any]) -> None:
    """Refuse cached features of a backbone that is trained.

    Raises:
        ValueError: naming both keys.
    """
    trained = cfg['model'].get('backbone', {}).get('trainable') != 'none'
    for key in cached_features(cfg) if trained else ():
        raise ValueError(
            f'{key}.features=True, but model.backbone is trained: set its trainable="none", or '
            'cached.features=False.'
        )


def cached_features(cfg: Mapping[str, Any]) -> list[str]:
    """Keys of the data sets of a config that give features in place of crops."""
    return [
        key
        for loader in LOADERS
        for key, node in dictionaries(cfg.get(loader), loader)
        if node.get('type') == 'CachedMapsDataset' and node.get('features')
    ]


def check_skipping(cfg: Mapping[str, Any]) -> None:
    """Refuse to skip samples in an evaluation: a replacement would count twice.

    Raises:
        ValueError: naming the key.
    """
    for loader in ('val_dataloader', 'test_dataloader'):
        for key, node in dictionaries(cfg.get(loader), loader):
            if node.get('skip_invalid'):
                raise ValueError(
                    f'{key}.skip_invalid=True: samples are replaced in training alone, an '
                    'evaluation would count the others twice. Leave it out and drop bad samples '
                    'from the annotation file.'
                )


def check_config(cfg: Mapping[str, Any]) -> None:
    """Refuse what can be known to be wrong with a config before anything is built.

    Raises:
        ValueError: for a setting of the wrong kind, naming its key.
        MissingFilesError: naming all missing files at once, and mmhuman3d where it is missing too.
        ImportError: if mmhuman3d alone is missing, or packages that it needs.
    """
    check_sections(cfg)
    check_rois(cfg)
    check_crops(cfg)
    check_skipping(cfg)
    check_samples(cfg)
    check_features(cfg)
    packages = missing_packages()
    try:
        check_files(cfg)
    except MissingFilesError as error:
        raise MissingFilesError('\n'.join(filter(None, [str(error), packages]))) from None
    if packages:
        raise ImportError(packages)
