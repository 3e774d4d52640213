# Human3.6M, protocol 2: subjects 9 and 11, the frontal camera 60457274; 14 LSP joints of the
# mesh against those of the annotated (MoSh) mesh, as the released code evaluates.
_base_ = ['../datasets/h36m.py']

test_dataloader = dict(dataset={{_base_.h36m_test_p2}})
test_evaluator = dict(gt_source='smpl', joint_set='lsp_14')
