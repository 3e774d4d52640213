# The images of mroi make-data in crops of BlazePose's size, with boxes as detectors give them. Many
# images make a better model: mroi make-data --train 16000 --test 600. Images that end at the waist
# or the chest, of which there are few among the rendered ones, are made by cutting.
_base_ = 'synthetic.py'

crop = dict(crop_size=(256, 256))
augmented = dict(
    truncate=dict(_delete_=True, type='RandomTruncation', prob=0.3),
    augment=dict(rotation=20.0, rotation_prob=0.5, scale=0.25, shift=0.06),
    crop=crop,
)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=augmented))
val_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
test_dataloader = val_dataloader
