# One crop shows all RoIs, 1.5 times as large as one of theirs; each has its part of the map.
_base_ = ['../_base_/ablations/{{$MROI_ABLATION_DATASET:papers}}.py']

model = dict(encoder=dict(type='SharedMapEncoder'))
shared = dict(dataset=dict(pipeline=dict(crop=dict(shared=1.5))))
train_dataloader = shared
val_dataloader = shared
test_dataloader = shared
