# The network of CLIFF's authors: HRNet-W48 of image classification, 2048 features; mroi
# convert-checkpoint brings its weights.
_base_ = 'cliff_hrnet48.py'

model = dict(
    head=dict(camera_code='linear'),
    backbone=dict(_delete_=True, type='ClassificationHRNet', hrnet={{_base_.model.backbone}}),
)
