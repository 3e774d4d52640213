# BEDLAM's processed labels for SMPL, by mroi import-annotations bedlam and then
# mroi complete-annotations. Images of sequences named closeup must be turned clockwise first.
# Boxes: projected joints x 1.2. Focal length: annotated. Joints: SMPL's; 3D in meters, frame of the
# camera. SMPL: gendered body.
bedlam = dict(
    ann_file='data/preprocessed_datasets/bedlam_train_complete.npz',
    image_dir='data/datasets/bedlam',
    box_padding=1.0,
    annotated=['keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender'],
)
