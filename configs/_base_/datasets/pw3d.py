# 3DPW by mmhuman3d's pw3d converter; both files have neither joints nor translations, which
# mroi complete-annotations --pw3d-root adds for training.
# Boxes: projected COCO joints x 1.2, in the converter's file of the joints detected in the
# sequence files. Focal length: about 1965 px, annotated, different along x and y by 0.4 %. Joints:
# SMPL's, of the body of the person's gender; 3D in meters, frame of the camera. SMPL: male or
# female body, all persons.
pw3d_images = 'data/datasets/pw3d'
pw3d_train = dict(
    ann_file='data/preprocessed_datasets/pw3d_train_complete.npz',
    image_dir=pw3d_images,
    box_padding=1.0,
    annotated=['keypoints2d', 'keypoints3d', 'smpl', 'transl', 'focal_length', 'gender'],
)
pw3d_test = dict(
    ann_file='data/preprocessed_datasets/pw3d_test_complete.npz',
    image_dir=pw3d_images,
    box_padding=1.0,
    annotated=['smpl', 'gender'],
)
