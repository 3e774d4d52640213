# The model of mroi_hrnet48.py fine-tuned on the training set of 3DPW. mmhuman3d's pw3d_train.npz
# has neither joints nor translations, hence no joint loss: complete it first with
# mroi complete-annotations --pw3d-root (its boxes come out padded: box_padding 1.0).
_base_ = 'mroi_hrnet48.py'

# Persons of 3DPW have genders.
model = dict(target_bodies={{_base_.model.body_model}})
train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(datasets=dict(_delete_=True, pw3d={{_base_.pw3d_train}})),
)
optim_wrapper = dict(optimizer=dict(lr=1e-5))
train_cfg = dict(max_epochs=5)
load_from = 'work_dirs/mroi_hrnet48/epoch_15.pth'
