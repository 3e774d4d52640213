# HMR with its discriminator; real poses are those of the training set.
_base_ = ['./hmr_synthetic.py']

model = dict(
    architecture=dict(
        loss_adv=dict(
            type='GANLoss', gan_type='lsgan', real_label_val=1.0, fake_label_val=0.0, loss_weight=1
        ),
        disc=dict(type='SMPLDiscriminator'),
    ),
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='AdversarialHumanDataset',
        prior_file='data/synthetic/preprocessed_datasets/synthetic_train.npz',
        dataset={{_base_.train_dataloader.dataset}},
    ),
)
optim_wrapper = dict(
    _delete_=True,
    constructor='AdversarialOptimWrapper',
    generator={{_base_.optim_wrapper}},
    disc=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
)
