# MPII with the pseudo ground truth of CLIFF's authors, by mroi import-annotations cliff; for
# mmhuman3d's mpii_train.npz, which has 2D joints alone, take 'smpl' out of annotated.
# Boxes: square, annotated person scale, about 1.2 x tight. Focal length: sqrt(W^2 + H^2). Joints:
# 24 of 'smpl_24', 2D with confidence; no 3D joints. SMPL: neutral body.
mpii = dict(
    ann_file='data/preprocessed_datasets/cliff_mpii_train.npz',
    image_dir='data/datasets/mpii',
    box_padding=1.0,
    square_boxes=True,
    annotated=['keypoints2d', 'smpl'],
)
