# The network of CLIFF's authors, whose crops are 256x192; mroi convert-checkpoint brings its
# weights.
_base_ = 'cliff_resnet50.py'

model = dict(head=dict(camera_code='linear'))

crop = dict(dataset=dict(pipeline=dict(crop=dict(crop_size=(192, 256)))))
train_dataloader = crop
val_dataloader = crop
test_dataloader = crop
