# The images of mroi make-data in crops of BlazePose's size, with boxes as detectors give them. Many
# images make a better model: mroi make-data --train 16000 --test 600
_base_ = 'synthetic.py'

crop = dict(crop_size=(256, 256))
augment = dict(rotation=20.0, rotation_prob=0.5, scale=0.25, shift=0.06)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=dict(augment=augment, crop=crop)))
val_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
test_dataloader = val_dataloader
