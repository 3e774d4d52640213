# 3DPW, test set: 14 LSP joints of the mesh and its vertices, relative to the pelvis; the truth is
# the mesh of the person's gender, the prediction the neutral body.
_base_ = ['../datasets/pw3d.py']

test_dataloader = dict(dataset={{_base_.pw3d_test}})
test_evaluator = dict(gt_source='smpl', joint_set='lsp_14')
