# Table 2, row 1: none of the three components, which is CLIFF with two decoders.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(
    head=dict(num_rois=1, fusion=dict(score='none'), embedding=None),
    losses=dict(
        camera=None,
        contrastive=None,
    ),
)
rois = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=1))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
