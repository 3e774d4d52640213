# Images rendered by mroi make-data, in crops of BlazePose's size, with boxes as detectors give
# them. Many images make a better model: mroi make-data --train 16000 --test 600
_base_ = 'synthetic.py'

data_root = 'data/synthetic/preprocessed_datasets/'
image_root = 'data/synthetic/datasets/synthetic'
crop = dict(type='MultiRoICrop', crop_size=(256, 256), num_rois=5)

train_dataset = dict(
    type='MultiRoIHumanDataset',
    ann_file=data_root + 'synthetic_train.npz',
    image_dir=image_root,
    box_padding=1.2,
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
    pipeline=dict(
        load=dict(type='LoadImage'),
        augment=dict(
            type='RandomFlipRotateScale', rotation=20.0, rotation_prob=0.5, scale=0.25, shift=0.06
        ),
        crop=crop,
        noise=dict(type='RandomChannelNoise', factor=0.2),
        pack=dict(type='PackMultiRoIInputs'),
    ),
)
test_dataset = dict(
    type='MultiRoIHumanDataset',
    ann_file=data_root + 'synthetic_test.npz',
    image_dir=image_root,
    box_padding=1.2,
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
    pipeline=dict(load=dict(type='LoadImage'), crop=crop, pack=dict(type='PackMultiRoIInputs')),
)

train_dataloader = dict(batch_size=64, dataset=dict(_delete_=True, **train_dataset))
val_dataloader = dict(dataset=dict(_delete_=True, **test_dataset))
test_dataloader = val_dataloader
