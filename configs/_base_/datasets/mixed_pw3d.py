# Train: Human3.6M, MPI-INF-3DHP, COCO and MPII; test: 3DPW. HumanData files of mmhuman3d's
# converters. box_padding brings every source to 1.2 x the tight box: h36m's converter writes 0.9 x,
# 3dhp's, mpii's and pw3d's 1.2 x already, coco's the annotated box.
data_root = 'data/preprocessed_datasets/'
image_root = 'data/datasets/'

train_pipeline = dict(
    load=dict(type='LoadPhoto'),
    augment=dict(type='AugmentPerson', flip_prob=0.5, rotation=30, rotation_prob=0.6, scale=0.25),
    crop=dict(type='MultiRoICrop', crop_size=(224, 224), num_rois=5),
    noise=dict(type='ChannelNoise', factor=0.4),
    pack=dict(type='PackMultiRoI'),
)
test_pipeline = dict(
    load=dict(type='LoadPhoto'),
    crop=dict(type='MultiRoICrop', crop_size=(224, 224), num_rois=5),
    pack=dict(type='PackMultiRoI'),
)

train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ConcatHumanData',
        pipeline=train_pipeline,
        datasets=dict(
            h36m=dict(
                ann_file=data_root + 'h36m_mosh_train.npz',
                image_dir=image_root + 'h36m',
                box_padding=1.33,
            ),
            mpi_inf_3dhp=dict(
                ann_file=data_root + 'mpi_inf_3dhp_train.npz',
                image_dir=image_root + 'mpi_inf_3dhp',
                box_padding=1.0,
            ),
            coco=dict(
                ann_file=data_root + 'coco_2014_train.npz',
                image_dir=image_root + 'coco',
                box_padding=1.2,
            ),
            mpii=dict(
                ann_file=data_root + 'mpii_train.npz',
                image_dir=image_root + 'mpii',
                box_padding=1.0,
            ),
        ),
    ),
)
val_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='MultiRoIHumanData',
        ann_file=data_root + 'pw3d_test.npz',
        image_dir=image_root + 'pw3d',
        box_padding=1.0,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(
    type='HumanMeshMetric',
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=False),
    gt_source='smpl',
)
test_evaluator = val_evaluator
