# mroi_open with what the backbone makes of each crop computed once, the backbone being as
# mroi_open_landmarks has left it.
_base_ = 'mroi_open.py'

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='work_dirs/mroi_open_landmarks/epoch_20.pth',
        ),
    )
)
features = dict(dataset=dict(cached=dict(features=True)))
train_dataloader = features
val_dataloader = features
test_dataloader = features
