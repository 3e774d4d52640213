"""mmhuman3d's architectures under mmengine, and ours under mmhuman3d's own runner."""

from mroi_plugin.adapters.adversarial_optim_wrapper import AdversarialOptimWrapper
from mroi_plugin.adapters.hybrik_body import HybrIKBody
from mroi_plugin.adapters.mmhuman3d_estimator import MMHuman3DEstimator

__all__ = [
    'AdversarialOptimWrapper',
    'HybrIKBody',
    'MMHuman3DEstimator',
]
