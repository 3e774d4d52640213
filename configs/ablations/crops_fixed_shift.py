# Table 4, row 3: shifted, not scaled.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

rois = dict(dataset=dict(pipeline=dict(crop=dict(scales=(1.0,) * 4))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
