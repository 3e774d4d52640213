# One crop shows all RoIs, as large as one of theirs; each has its part of the map.
_base_ = ['./encoders_shared_1_5x.py']

shared = dict(dataset=dict(pipeline=dict(crop=dict(shared=1.0))))
train_dataloader = shared
val_dataloader = shared
test_dataloader = shared
