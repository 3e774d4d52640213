# COCO 2014, part, with the pseudo ground truth of CLIFF's authors, by mroi import-annotations
# cliff; mmhuman3d's cliff converter works too, without translation and focal length.
# Boxes: square, joints x 1.2. Focal length: sqrt(W^2 + H^2), as the pseudo ground truth was made.
# Joints: 24 of 'smpl_24', 2D with confidence; no 3D joints. SMPL: neutral body, all persons.
coco_cliff = dict(
    ann_file='data/preprocessed_datasets/cliff_coco_train.npz',
    image_dir='data/datasets/coco',
    box_padding=1.0,
    square_boxes=True,
    annotated=['keypoints2d', 'smpl'],
)
