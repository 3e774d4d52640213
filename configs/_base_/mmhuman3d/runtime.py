# What mmhuman3d's own runner needs besides a recipe.
checkpoint_config = dict(interval=1)
log_config = dict(interval=10, hooks=[dict(type='TextLoggerHook')])
optimizer_config = dict(grad_clip=None)
dist_params = dict(backend='nccl')
workflow = [('train', 1)]
resume_from = None
