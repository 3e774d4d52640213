# CLIFF, Multi-RoI's baseline: one RoI, one decoder. 3DPW MPJPE 71.4 / PA-MPJPE 45.4 / PVE 84.2 mm
# in the paper.
_base_ = '../mroi/mroi_resnet50.py'

model = dict(
    head=dict(num_rois=1, mesh_from='roi', fusion=dict(score='none'), embedding=None),
    losses=dict(
        camera=None,
        contrastive=None,
    ),
)

one_roi = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=1))))
train_dataloader = one_roi
val_dataloader = one_roi
test_dataloader = one_roi
