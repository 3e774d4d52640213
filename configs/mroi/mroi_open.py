# Multi-RoI on the pretrained features of a frozen BlazePose, on rendered people: nothing is
# licensed. With what its first stages make of each crop computed once: mroi_open_cached.
_base_ = [
    '../_base_/models/mroi_open.py',
    '../_base_/datasets/synthetic_open.py',
    '../_base_/schedules/open.py',
    '../_base_/default_runtime.py',
]

# What is validated and kept is a running mean of the weights, over a tenth of the steps so far.
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.002, gamma=10),
]
