# mroi_open with the first part of the backbone frozen and computed once. It starts from the weights
# of cliff_open_cached.
_base_ = 'mroi_open.py'

cached = dict(
    _delete_=True,
    type='CachedMapsDataset',
    backbone={{_base_.model.backbone}},
    data_preprocessor={{_base_.model.data_preprocessor}},
)
train_dataloader = dict(dataset=dict(dataset={{_base_.train_dataset}}, **cached))
val_dataloader = dict(dataset=dict(dataset={{_base_.test_dataset}}, **cached))
test_dataloader = val_dataloader
