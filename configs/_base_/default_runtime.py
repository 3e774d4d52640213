default_scope = 'mroi_plugin'
custom_imports = dict(imports=['mroi_plugin'], allow_failed_imports=False)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='AtomicCheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='mesh/mpjpe',
        rule='less',
        save_last=True,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='SkippedSamplesHook'),
    dict(type='CheckInvalidLossHook'),
    dict(type='MeanStatisticsHook'),
    dict(type='ResumedScheduleHook'),
    dict(type='MissedValidationHook'),
]

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
randomness = dict(seed=0)
log_processor = dict(type='ReadableLogProcessor', window_size=10)
log_level = 'INFO'
load_from = None
resume = False
