# Human3.6M, protocol 2, against motion capture: for files without SMPL parameters, and for
# numbers of works that evaluate so.
_base_ = ['h36m_p2.py']

test_dataloader = dict(dataset=dict(annotated=['keypoints2d', 'keypoints3d']))
test_evaluator = dict(gt_source='keypoints3d')
