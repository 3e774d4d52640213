# COCO 2014 with the fits of EFT, all or part, by mmhuman3d's eft converter.
# Boxes: square, joints x 1.2. Focal length: sqrt(W^2 + H^2). Joints: 49 of 'smpl_49', 2D with
# confidence; no 3D joints. SMPL: neutral body, all persons, no translation.
coco_eft = dict(
    ann_file='data/preprocessed_datasets/eft_coco_all.npz',
    image_dir='data/datasets/coco',
    box_padding=1.0,
    square_boxes=True,
    annotated=['keypoints2d', 'smpl'],
)
coco_eft_part = dict(
    ann_file='data/preprocessed_datasets/eft_coco_part.npz',
    image_dir='data/datasets/coco',
    box_padding=1.0,
    square_boxes=True,
    annotated=['keypoints2d', 'smpl'],
)
