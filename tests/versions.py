"""What older versions of torch cannot do on a CPU."""

from __future__ import annotations

import pytest
import torch

needs_torch_2 = pytest.mark.skipif(
    int(torch.__version__.split('.')[0]) < 2,
    reason='torch 1.13 lacks CPU autocast of some operators, float16 autocast and a FLOP counter',
)
needs_fully_shard = pytest.mark.skipif(
    tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 6),
    reason='fully_shard came with torch 2.6',
)
needs_fused_on_cpu = pytest.mark.skipif(
    tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 4),
    reason='this torch fuses optimizers on CUDA alone',
)
needs_opset_20 = pytest.mark.skipif(
    tuple(int(part) for part in torch.__version__.split('.')[:2]) < (2, 4),
    reason='this torch exports older opsets alone',
)
