# configs/mroi_resnet50.py for mmhuman3d's own tools/train.py and tools/test.py.
_base_ = ['../mroi_resnet50.py', '../_base_/mmhuman3d/runtime.py']

custom_hooks = []  # mmengine's
data = dict(
    samples_per_gpu=48,
    workers_per_gpu=4,
    train={{_base_.train_dataloader.dataset}},
    val={{_base_.val_dataloader.dataset}},
    test={{_base_.test_dataloader.dataset}},
)
evaluation = dict(
    interval=1, metric=['mpjpe', 'pa-mpjpe', 'pve'], protocol={{_base_.val_evaluator}}
)
optimizer = {{_base_.optim_wrapper.optimizer}}
lr_config = dict(policy='fixed')
runner = dict(type='EpochBasedRunner', max_epochs=25)
