# Multi-RoI, HRNet-W48, 256x192: 3DPW MPJPE 64.1 / PA-MPJPE 40.4 / PVE 78.6 mm in the paper.
_base_ = [
    '../_base_/models/mroi_hrnet48.py',
    '../_base_/datasets/mixed_pw3d.py',
    '../_base_/schedules/hrnet48_15e.py',
    '../_base_/default_runtime.py',
]

crop = dict(crop_size=(192, 256))
train_dataloader = dict(batch_size=20, dataset=dict(pipeline=dict(crop=crop)))
val_dataloader = dict(batch_size=20, dataset=dict(pipeline=dict(crop=crop)))
test_dataloader = val_dataloader
