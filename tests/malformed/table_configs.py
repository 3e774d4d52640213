"""Configs and overrides that cannot be trained."""

from __future__ import annotations

import torch
from scene import CONFIG

from mroi_plugin import apis
from mroi_plugin.datasets.transforms.multi_roi_crop import MultiRoICrop
from mroi_plugin.models.heads.roi_aware_fusion_head import RoIAwareFusionHead
from mroi_plugin.models.layers.roi_aware_fusion import RoIAwareFusion
from mroi_plugin.utils.errors import UsageError

SMALL = (
    'model.backbone.base_channels=8',
    'model.backbone.stem_channels=8',
    'model.head.in_channels=64',
    'train_dataloader.num_workers=0',
    'train_dataloader.batch_size=8',
    'train_cfg.max_epochs=1',
)
STEP = 'train_dataloader.dataset.pipeline'


def options(*given):
    """A training with these overrides, which must fail before its first step is over."""

    def spoil(scene):
        scene.train(*SMALL, *given)

    return spoil


def config(text):
    """A training of a config file of this text."""
    return lambda scene: scene.train(config=scene.write(text, 'mine.py'))


def _pretrained(scene):
    """A training whose backbone starts from a file that holds no weight of it."""
    path = scene.save({'backbone.layer.weight': torch.ones(2)})
    init_cfg = f"dict(type='Pretrained', prefix='backbone.', checkpoint={path!r})"
    options(f'model.backbone.init_cfg={init_cfg}')(scene)


OPTIONS = {
    'model.type=Estimator': (KeyError, ['Estimator', 'mroi_plugin::model']),
    'model.backbone.type=ResNet9': (KeyError, ['ResNet9', 'mroi_plugin::model']),
    'model.backbone.type=mmhuman3d.ResNet9': (KeyError, ['ResNet9']),
    'model.backbone.depth=19': (KeyError, ['depth 19']),
    'model=3': (ValueError, ['model=3: expected a dictionary']),
    'model.head=3': (ValueError, ['model.head=3: expected a dictionary']),
    'model.head.type=Head': (KeyError, ['Head', 'mroi_plugin::model']),
    'model.head.color=red': (
        ValueError,
        ['synthetic.py: model.head.color: RoIAwareFusionHead', "no option 'color'"],
    ),
    'model.head.num_rois=3': (ValueError, ['crop.num_rois is 5 but model.head.num_rois is 3']),
    'model.head.num_rois=0': (ValueError, ['model.head.num_rois is 0', 'same M']),
    'model.head.in_channels=65': (ValueError, ['in_channels=65, but the backbone gives 64']),
    'model.head.mesh_from=vote': (ValueError, ["mesh_from='vote'", 'mean, roi']),
    'model.head.camera_from=all': (ValueError, ["camera_from='all'", 'each, shared']),
    'model.head.bbox_condition=some': (ValueError, ["bbox_condition='some'", 'own, all, none']),
    'model.head.decoder.num_iters=0': (ValueError, ['num_iters=0']),
    'model.head.decoder.dropout=2': (ValueError, ['dropout', '2']),
    'model.head.decoder.hidden_channels=(32,)': (ValueError, ['hidden_channels=', 'two widths']),
    'model.head.fusion.score=best': (ValueError, ["score='best'", 'pair_mlp']),
    'model.head.fusion.relation=near': (ValueError, ["relation='near'", 'subtract_then_encode']),
    'model.head.fusion.encoding=rough': (ValueError, ["encoding='rough'", 'naive']),
    'model.head.fusion.num_freqs=-1': (ValueError, ['num_freqs=-1', '0..100']),
    'model.head.embedding.gate=open': (ValueError, ["gate='open'", 'sigmoid']),
    'model.losses.camera.pairs=some': (ValueError, ["pairs='some'", 'all, anchor']),
    'model.losses.contrastive.temperature=0': (ValueError, ['temperature=0']),
    'model.losses.contrastive.reduction=max': (ValueError, ["reduction='max'", 'mean, sum']),
    'model.body_model.keypoint_dst=smpl_99': (ValueError, ["convention='smpl_99'", 'smpl_54']),
    'model.losses.keypoints3d.convention=smpl_99': (
        ValueError,
        ["convention='smpl_99'", 'smpl_54'],
    ),
    'model.body_model.gender=both': (ValueError, ["gender='both'", 'neutral']),
    'model.body_model.free_body=False': (
        FileNotFoundError,
        ['model.body_model.model_path', 'SMPL_'],
    ),
    'model.data_preprocessor.std=(0,0,0)': (ValueError, ['std=(0, 0, 0)', 'above 0']),
    'model.data_preprocessor.mean=(1,2)': (ValueError, ['mean=(1, 2)', 'three numbers']),
    'optim_wrapper.type=Wrapper': (KeyError, ['Wrapper', 'optim_wrapper']),
    'optim_wrapper.optimizer.type=Adamm': (ValueError, ["optimizer.type='Adamm'"]),
    'optim_wrapper.optimizer.lr=fast': (ValueError, ["optimizer.lr='fast'"]),
    'optim_wrapper.optimizer.lr=-1': (ValueError, ['optimizer.lr=-1']),
    'train_cfg.max_epochs=0': (ValueError, ['train_cfg.max_epochs=0', 'above 0']),
    'train_cfg.max_epochs=ten': (ValueError, ["train_cfg.max_epochs='ten'"]),
    'train_cfg.type=Loop': (KeyError, ['Loop']),
    'train_dataloader=3': (ValueError, ['train_dataloader=3: expected a dictionary']),
    'train_dataloader.batch_size=0': (ValueError, ['train_dataloader.batch_size=0']),
    'train_cfg.val_interval=0': (ValueError, ['train_cfg.val_interval=0', 'above 0']),
    'optim_wrapper.accumulative_counts=0': (ValueError, ['accumulative_counts=0', 'above 0']),
    'train_dataloader.batch_size=many': (ValueError, ["batch_size='many'", 'whole number']),
    'train_dataloader.batch_size=100000': (ValueError, ['batch_size is larger than the data set']),
    'train_dataloader.num_workers=-1': (ValueError, ['num_workers']),
    'train_dataloader.sampler.type=Sampler': (KeyError, ['Sampler']),
    'train_dataloader.dataset.type=Data': (KeyError, ['Data']),
    'train_dataloader.dataset.color=red': (ValueError, ['MultiRoIHumanDataset', "'color'"]),
    'train_dataloader.dataset.ann_file=gone.npz': (
        FileNotFoundError,
        ['gone.npz', 'named by train_dataloader.dataset.ann_file'],
    ),
    'train_dataloader.dataset.image_dir=gone': (
        FileNotFoundError,
        ['named by train_dataloader.dataset.image_dir'],
    ),
    'val_dataloader.dataset.skip_invalid=True': (
        ValueError,
        ['val_dataloader.dataset.skip_invalid'],
    ),
    f'{STEP}.load=None': (
        ValueError,
        ['RandomFlipRotateScale finds no', 'put LoadImage before it'],
    ),
    f'{STEP}.crop=None': (ValueError, ['finds no', 'put MultiRoICrop before it']),
    f'{STEP}.pack=None': (ValueError, ['must be PackMultiRoIInputs']),
    f'{STEP}.crop.crop_size=(0,64)': (ValueError, ['crop_size=(0, 64)', 'positive']),
    f'{STEP}.crop.crop_size=48': (ValueError, ['crop_size=48', '(w, h)']),
    f'{STEP}.crop.crop_size=(1,2,3)': (ValueError, ['crop_size=(1, 2, 3)', '(w, h)']),
    f'{STEP}.crop.scales=(1.5,)': (ValueError, ['4 shifts but 1 scales']),
    f'{STEP}.crop.scales=(0,1,1,1)': (ValueError, ['scales=(0, 1, 1, 1)']),
    f'{STEP}.noise.factor=2': (ValueError, ['RandomChannelNoise(factor=2)']),
    f'{STEP}.augment.flip_prob=2': (ValueError, ['RandomFlipRotateScale(flip_prob=2', '0..1']),
    f'{STEP}.augment.scale=2': (ValueError, ['RandomFlipRotateScale(', 'scale=2,']),
    f'{STEP}.augment.type=Twist': (KeyError, ['Twist']),
    'val_evaluator.gt_source=image': (ValueError, ["gt_source='image'", 'keypoints3d']),
    'val_evaluator.type=Metric': (KeyError, ['Metric']),
    'default_hooks.checkpoint.color=red': (ValueError, ['default_hooks.checkpoint', 'color']),
    'default_hooks.checkpoint.rule=best': (KeyError, ['rule', 'best']),
    'default_hooks.checkpoint.save_best=mesh/mpjp': (
        ValueError,
        ["save_best='mesh/mpjp'", 'the validation gives mesh/mpjpe', "'mesh/mpjpe' is the nearest"],
    ),
    'default_hooks.checkpoint.save_best=mesh/pck': (
        ValueError,
        ["rule='less' would keep the worst checkpoint", "rule='greater'"],
    ),
    'model.losses.keypoints3d.loss_weight=-1': (
        ValueError,
        ['model.losses.keypoints3d.loss_weight=-1', 'a number >= 0'],
    ),
    'optim_wrapper.paramwise_cfg.custom_keys.heads.lr_mult=3': (
        ValueError,
        ['custom_keys.heads: no parameter of the model', 'begin with backbone, head'],
    ),
    'train_dataloader.collate_fn.type=pseudo_collate': (
        ValueError,
        ['train_dataloader.collate_fn is pseudo_collate', "dict(type='default_collate')"],
    ),
    'train_dataloader.dataset.convention=coco': (
        ValueError,
        ["train_dataloader.dataset.convention is 'coco'", 'pipeline.augment.convention'],
    ),
    'model.losses=None': (ValueError, ['model.losses=None', 'one loss or more']),
    'model.losses=dict(_delete_=True)': (ValueError, ['model.losses={}', 'one loss or more']),
    'model.loss_scale=-1': (ValueError, ['model.loss_scale=-1', 'a number above 0']),
    'model.losses.camera.loss_weight=much': (ValueError, ["camera.loss_weight='much'"]),
    'custom_hooks.0.type=Hook': (KeyError, ['Hook']),
    'randomness.seed=seed': (ValueError, ["randomness.seed='seed'"]),
    'runner_type=Walker': (ValueError, ["runner_type='Walker'", 'Runner or FlexibleRunner']),
    'runner_type=FlexibleRunner': (ValueError, ['strategy=None', 'FlexibleRunner']),
    'strategy.type=DDPStrategy': (ValueError, ["strategy={'type'", 'FlexibleRunner']),
    'model.inference.dtype=int8': (ValueError, ["inference.dtype='int8'", 'bfloat16']),
    'optim_wrapper.clip_grad=1.0': (ValueError, ['clip_grad=1.0', 'dict(max_norm=1.0)']),
    'optim_wrapper.clip_grad=dict(max_norm=0)': (
        ValueError,
        ['optim_wrapper.clip_grad.max_norm=0', 'a number above 0'],
    ),
    'optim_wrapper.clip_grad=dict(max_norm=one)': (UsageError, ["'one' is no literal"]),
    'param_scheduler=[cosine]': (ValueError, ["param_scheduler.0='cosine'", 'a dictionary']),
    'data_root=x': (UsageError, ['data_root reaches nothing', 'dataset.image_dir']),
    'train_dataloder.batch_size=4': (
        UsageError,
        ['the nearest key is train_dataloader.batch_size'],
    ),
    'train_pipeline.load.backend_args=None': (UsageError, ['dataset.pipeline.load.backend_args']),
    'default_hooks.check_point.interval=5': (
        ValueError,
        ['has no type', 'checkpoint?'],
    ),
    'load_from=gone.pth': (FileNotFoundError, ['gone.pth', 'named by load_from']),
    'color': (UsageError, ["--cfg-options 'color'", 'KEY=VALUE']),
    '=5': (UsageError, ["--cfg-options '=5'", 'KEY=VALUE']),
}
CASES = [
    *((name, options(name), error, said) for name, (error, said) in OPTIONS.items()),
    (
        'no such config',
        lambda s: s.train(config='configs/none.py'),
        FileNotFoundError,
        ['configs/none.py: no such config file'],
    ),
    (
        'cosine shorter than the training',
        options('train_cfg.max_epochs=3', 'param_scheduler.1.T_max=2'),
        ValueError,
        ['param_scheduler.1.T_max=2', 'expected 3', 'leave T_max out'],
    ),
    (
        'backbone from weights of another network',
        _pretrained,
        ValueError,
        ['a.pth does not fit backbone', 'first backbone.conv1.weight', 'init_cfg=None'],
    ),
    (
        'name that nothing reads',
        config(f'_base_ = {str(CONFIG)!r}\ntrain_pipeline = dict(load=dict(backend_args=None))'),
        UsageError,
        ['mine.py: train_pipeline reaches nothing', 'train_dataloader.dataset.pipeline'],
    ),
    ('config with a slip', config('model = dict('), ValueError, ['mine.py', 'line 1']),
    ('config of nothing', config(''), ValueError, ['has no model', '_base_']),
    (
        'config on no base',
        config("_base_ = ['gone.py']"),
        FileNotFoundError,
        ['mine.py: its _base_', 'gone.py, and there is no such file', 'mroi configs --paths lists'],
    ),
    (
        'config that opens a file that is not there',
        config("names = open('names.txt').read()\nmodel = dict()"),
        FileNotFoundError,
        ["No such file or directory: 'names.txt'"],
    ),
    (
        'config on a shipped one by its name alone',
        config("_base_ = ['mroi_synthetic.py']"),
        FileNotFoundError,
        ['mine.py: its _base_', f'the shipped one is {str(CONFIG)!r}'],
    ),
    (
        'zero epochs',
        lambda s: s.train(epochs=0),
        UsageError,
        ['--epochs 0', 'at least 1'],
    ),
    (
        'resumed from nothing',
        lambda s: s.train(resume='gone.pth'),
        FileNotFoundError,
        ['gone.pth: no such checkpoint'],
    ),
    (
        'tested without checkpoint',
        lambda s: apis.test('configs/none.py', 'gone.pth'),
        FileNotFoundError,
        ['configs/none.py'],
    ),
    (
        'six RoIs of five',
        lambda s: MultiRoICrop(num_rois=6),
        ValueError,
        ['1..5, give longer lists'],
    ),
    (
        'tokens of relative places',
        lambda s: RoIAwareFusion(8, 2, score='self_attention'),
        ValueError,
        ["relation='absolute'"],
    ),
    ('fusion of none', lambda s: RoIAwareFusion(8, 0), ValueError, ['num_rois=0', 'at least 1']),
    (
        'one camera and every mesh',
        lambda s: RoIAwareFusionHead(8, 2, mesh_from='roi', camera_from='shared'),
        ValueError,
        ["set mesh_from='mean'"],
    ),
]
