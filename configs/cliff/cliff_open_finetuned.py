# cliff_open trained end to end as mroi_open_finetuned is.
_base_ = '../mroi/mroi_open_finetuned.py'

model = dict(
    head=dict(
        num_rois=1,
        mesh_from='roi',
        fusion=dict(score='none'),
        embedding=None,
        init_cfg=dict(checkpoint='work_dirs/cliff_open_cached/epoch_8.pth'),
    ),
    losses=dict(camera=None, contrastive=None),
)

one_roi = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=1))))
train_dataloader = one_roi
val_dataloader = one_roi
test_dataloader = one_roi
