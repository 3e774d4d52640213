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
cached = dict(_delete_=True, type='CachedMapsDataset', features=True)
train_dataloader = dict(dataset=dict(dataset={{_base_.train_dataloader.dataset}}, **cached))
val_dataloader = dict(dataset=dict(dataset={{_base_.test_dataloader.dataset}}, **cached))
test_dataloader = val_dataloader
