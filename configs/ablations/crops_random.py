# Table 4, row 5: RoIs drawn anew for every sample.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

rois = dict(dataset=dict(pipeline=dict(crop=dict(random=True))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
