# Multi-RoI on ViTPose-B, 256x192, in place of HRNet-W48; not in the papers. Needs transformers, and
# the 2D-pose network in data/pretrained/vitpose-base (huggingface-cli download
# usyd-community/vitpose-base-simple --local-dir data/pretrained/vitpose-base).
_base_ = 'mroi_hrnet48.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='TransformersBackbone',
        pretrained='data/pretrained/vitpose-base',
        checkpointing=True,
    ),
)
