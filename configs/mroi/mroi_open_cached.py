# mroi_open with the first part of the backbone computed once, and the rest as mroi_open_landmarks
# has left it.
_base_ = 'mroi_open.py'

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint='work_dirs/mroi_open_landmarks/epoch_8.pth',
        ),
    )
)
cached = dict(
    _delete_=True,
    type='CachedMapsDataset',
    backbone={{_base_.model.backbone}},
    data_preprocessor={{_base_.model.data_preprocessor}},
)
train_dataloader = dict(dataset=dict(dataset={{_base_.train_dataloader.dataset}}, **cached))
val_dataloader = dict(dataset=dict(dataset={{_base_.test_dataloader.dataset}}, **cached))
test_dataloader = val_dataloader
