# For networks that have maps of joints or parts and so a backbone of their own: small, from noise,
# on crops of 64 px.
_base_ = ['./regressor.py']

model = dict(
    data_preprocessor=dict(_delete_=True, type='MultiRoIPreprocessor'),
    architecture=dict(
        backbone=dict(
            _delete_=True,
            type='ResNet',
            depth=18,
            out_indices=[3],
            base_channels=32,
            stem_channels=32,
            norm_cfg=dict(type='BN', requires_grad=True),
            norm_eval=False,
            zero_init_residual=False,
        ),
        head=dict(feat_dim=256),
    ),
)
small_crop = dict(crop_size=(64, 64))
train_dataloader = dict(dataset=dict(pipeline=dict(crop=small_crop)))
val_dataloader = dict(dataset=dict(pipeline=dict(crop=small_crop)))
test_dataloader = dict(dataset=dict(pipeline=dict(crop=small_crop)))
# Weights that start from noise learn at the rate of the schedule.
optim_wrapper = dict(paramwise_cfg=None)
