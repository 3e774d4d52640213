# Human3.6M, protocol 1: subjects 9 and 11, all four cameras; 14 LSP joints of the mesh against
# those of the annotated (MoSh) mesh, as the released code evaluates.
_base_ = ['../datasets/h36m.py']

test_dataloader = dict(dataset={{_base_.h36m_test_p1}})
test_evaluator = dict(gt_source='smpl', joint_set='lsp_14')
