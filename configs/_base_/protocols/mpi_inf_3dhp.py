# MPI-INF-3DHP, test set: its 17 joints, the 14 of LSP with pelvis, spine and head, against the
# universal skeleton of its multi-view annotation.
_base_ = ['../datasets/mpi_inf_3dhp.py']

test_dataloader = dict(dataset={{_base_.mpi_inf_3dhp_test}})
test_evaluator = dict(gt_source='keypoints3d', joint_set='h36m_17')
