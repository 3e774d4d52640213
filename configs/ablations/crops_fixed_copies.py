# Table 4, row 1: the same crop five times.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

rois = dict(dataset=dict(pipeline=dict(crop=dict(shifts=((0.0, 0.0),) * 4, scales=(1.0,) * 4))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
