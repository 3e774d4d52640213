# What every method of mmhuman3d shares: the images of mroi_open, one square crop per person, and
# its schedule.
_base_ = [
    '../datasets/synthetic_open.py',
    '../schedules/open.py',
    '../default_runtime.py',
]

crop = dict(num_rois=1)
train_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
val_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
test_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))

model = dict(
    type='MMHuman3DEstimator',
    data_preprocessor=dict(
        type='MultiRoIPreprocessor', mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0)
    ),
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
)
