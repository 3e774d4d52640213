# cliff_open with what the backbone makes of each crop computed once, as in mroi_open_cached.
_base_ = '../mroi/mroi_open_cached.py'

model = dict(
    head=dict(num_rois=1, mesh_from='roi', fusion=dict(score='none'), embedding=None),
    losses=dict(camera=None, contrastive=None),
)

one_roi = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=1))))
train_dataloader = one_roi
val_dataloader = one_roi
test_dataloader = one_roi
