# Multi-RoI, ResNet-50, 224x224: 3DPW MPJPE 68.2 / PA-MPJPE 43.2 / PVE 81.9 mm in the paper.
_base_ = [
    '../_base_/models/mroi_resnet50.py',
    '../_base_/datasets/mixed_pw3d.py',
    '../_base_/schedules/resnet50_25e.py',
    '../_base_/default_runtime.py',
]
