# What every method of mmhuman3d shares on the embedded data: one square crop per person.
_base_ = [
    '../datasets/synthetic.py',
    '../schedules/synthetic.py',
    '../default_runtime.py',
]

crop = dict(crop_size=(64, 64), num_rois=1)
train_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
val_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))
test_dataloader = dict(dataset=dict(pipeline=dict(crop=crop)))

model = dict(
    type='MMHuman3DEstimator',
    body_model=dict(type='SMPLBody', model_path='data/body_models/smpl', free_body=True),
)
