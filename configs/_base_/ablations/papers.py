# Ablations as in the papers: train on COCO, test on 3DPW, no fine-tuning (v1 Sec. 4.4).
_base_ = ['../../mroi/mroi_resnet50.py']

train_dataloader = dict(
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True),
    dataset=dict(datasets=dict(_delete_=True, coco={{_base_.coco_cliff}})),
)
