# MPI-INF-3DHP by mmhuman3d's mpi_inf_3dhp converter; every tenth frame of eight cameras.
# Boxes: projected joints x 1.2. Focal length: the converter drops the calibration, so it is
# sqrt(W^2 + H^2), about 2900 px instead of about 1500 px: say --focal-length 1500 to
# mroi complete-annotations for a better one. Joints: 28 of 'mpi_inf_3dhp' (17 of
# 'mpi_inf_3dhp_test'), multi-view; 3D in meters, axes of the camera, origin at the pelvis; the test
# set's are of the universal skeleton. No SMPL parameters, no genders.
mpi_inf_3dhp_images = 'data/datasets/mpi_inf_3dhp'
mpi_inf_3dhp_train = dict(
    ann_file='data/preprocessed_datasets/mpi_inf_3dhp_train.npz',
    image_dir=mpi_inf_3dhp_images,
    box_padding=1.0,
    annotated=['keypoints2d', 'keypoints3d'],
)
mpi_inf_3dhp_test = dict(
    ann_file='data/preprocessed_datasets/mpi_inf_3dhp_test.npz',
    image_dir=mpi_inf_3dhp_images,
    box_padding=1.0,
    annotated=['keypoints2d', 'keypoints3d'],
)
