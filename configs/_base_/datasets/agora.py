# AGORA's labels for SMPL as BEDLAM distributes them, by mroi import-annotations bedlam and
# then mroi complete-annotations; mmhuman3d's agora converter leaves body and camera in
# different frames.
# Boxes: projected joints x 1.2. Focal length: annotated. Joints: SMPL's; 3D in meters, frame of the
# camera. SMPL: gendered body.
agora = dict(
    ann_file='data/preprocessed_datasets/agora_train_complete.npz',
    image_dir='data/datasets/agora',
    box_padding=1.0,
    annotated=['keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender'],
)
