# Table 3: one RoI; fusion, contrastive and camera terms have nothing to relate.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(
    head=dict(num_rois=1, fusion=dict(score='none'), embedding=None),
    loss_camera=None,
    loss_contrastive=None,
)
rois = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=1))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
