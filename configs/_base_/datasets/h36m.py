# Human3.6M by mmhuman3d's h36m converter, poses of MoSh; every fifth frame.
# Boxes: silhouette x 0.9, brought to 1.2 by the padding. Focal length: about 1145 px, annotated per
# subject and camera. Joints: 17 of 'h36m', motion capture; 3D in meters, axes of the camera, origin
# at the pelvis. SMPL: neutral body; in the test sets where the converter was given mosh_dir; its
# translation by mroi complete-annotations --fit-translation. Genders: none.
h36m_images = 'data/datasets/h36m'
h36m_train = dict(
    ann_file='data/preprocessed_datasets/h36m_mosh_train.npz',
    image_dir=h36m_images,
    box_padding=1.33,
    annotated=['keypoints2d', 'keypoints3d', 'smpl'],
)
# Protocol 1: subjects 9 and 11, all four cameras. Protocol 2: camera 60457274 alone.
h36m_test_p1 = dict(
    ann_file='data/preprocessed_datasets/h36m_valid_protocol1.npz',
    image_dir=h36m_images,
    box_padding=1.33,
    annotated=['keypoints2d', 'keypoints3d', 'smpl'],
)
h36m_test_p2 = dict(
    ann_file='data/preprocessed_datasets/h36m_valid_protocol2.npz',
    image_dir=h36m_images,
    box_padding=1.33,
    annotated=['keypoints2d', 'keypoints3d', 'smpl'],
)
