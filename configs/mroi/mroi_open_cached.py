# mroi_open with what the frozen backbone makes of each crop computed once.
_base_ = 'mroi_open.py'

features = dict(dataset=dict(cached=dict(features=True)))
train_dataloader = features
val_dataloader = features
test_dataloader = features
