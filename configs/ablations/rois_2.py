# Table 3: 2 RoIs, a prefix of the list.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(head=dict(num_rois=2))
rois = dict(dataset=dict(pipeline=dict(crop=dict(num_rois=2))))
train_dataloader = rois
val_dataloader = rois
test_dataloader = rois
