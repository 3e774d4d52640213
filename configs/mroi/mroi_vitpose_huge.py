# Multi-RoI on ViTPose+-H (0.6 billion weights), which the ranks share; not in the papers. Start it
# with torchrun --nproc_per_node=8 tools/train.py mroi_vitpose_huge --launcher pytorch
# --amp. Needs transformers, torch 2.6, and the 2D-pose network in data/pretrained/vitpose-plus-huge
# (huggingface-cli download usyd-community/vitpose-plus-huge --local-dir that folder).
_base_ = 'mroi_vitpose_base.py'

model = dict(backbone=dict(pretrained='data/pretrained/vitpose-plus-huge'))
runner_type = 'FlexibleRunner'
strategy = dict(type='mroi_plugin.FullyShardedStrategy', units=('VitPoseBackboneLayer',))
