# Images rendered by mroi make-data; boxes are tight, hence the padding.
train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MultiRoIHumanDataset',
        ann_file='data/synthetic/preprocessed_datasets/synthetic_train.npz',
        image_dir='data/synthetic/datasets/synthetic',
        box_padding=1.2,
        body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
        pipeline=dict(
            load=dict(type='LoadImage'),
            truncate=None,
            augment=dict(type='RandomFlipRotateScale', flip_prob=0.5, rotation_prob=0.0, scale=0.1),
            crop=dict(type='MultiRoICrop', crop_size=(48, 64), num_rois=5),
            noise=dict(type='RandomChannelNoise', factor=0.2),
            pack=dict(type='PackMultiRoIInputs'),
        ),
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MultiRoIHumanDataset',
        ann_file='data/synthetic/preprocessed_datasets/synthetic_test.npz',
        image_dir='data/synthetic/datasets/synthetic',
        box_padding=1.2,
        body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
        pipeline=dict(
            load=dict(type='LoadImage'),
            crop=dict(type='MultiRoICrop', crop_size=(48, 64), num_rois=5),
            pack=dict(type='PackMultiRoIInputs'),
        ),
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(
    type='HumanMeshMetric',
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
    gt_source='smpl',
)
test_evaluator = val_evaluator
