"""Our model and data set as mmhuman3d's own runner (mmcv 1.x) and test loop want them.

They carry the names of the originals, of which they are subclasses, and are in mmhuman3d's
registries alone: one config base serves both runners.
"""

from __future__ import annotations

import os.path as osp
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mroi_plugin.adapters.whole_checkpoints import write_whole_files
from mroi_plugin.datasets import human_data
from mroi_plugin.engine.preflight import check_files, required_files
from mroi_plugin.mmhuman3d_compat.safe_loading import read_checkpoints_safely
from mroi_plugin.models.estimators import multi_roi_estimator as estimator
from mroi_plugin.registry import METRICS, enter_mmhuman3d

CHUNK = 256
"""Persons whose vertices are in memory at once during evaluation."""
NAMES = {'mpjpe': 'mpjpe', 'pa-mpjpe': 'pa_mpjpe', 'pve': 'pve'}
"""mmhuman3d's names of our errors; results carry them in capitals, as there."""
KEPT = ('pred_pose', 'pred_betas', 'pred_cam', 'pred_cam_full', 'pred_transl', 'focal_length')


class WrongRunnerError(ValueError):
    """A config for mmengine's Runner, given to mmhuman3d's tools."""


class MultiRoIEstimator(estimator.MultiRoIEstimator):
    """`MultiRoIEstimator` for a runner whose hooks own the optimizer.

    Args:
        mmengine_config: data loaders and evaluator of the mmengine config that this one mirrors;
            with the model, they name every file that is needed.
        **kwargs: of the original.

    Raises:
        WrongRunnerError: without ``mmengine_config``: the config is for mmengine.
        MissingFilesError: naming all missing files at once.
    """

    def __init__(self, mmengine_config: dict[str, Any] | None = None, **kwargs: Any) -> None:
        if mmengine_config is None:
            raise WrongRunnerError(
                "this config is for mroi_plugin's own tools/train.py and tools/test.py; for "
                "mmhuman3d's tools there are configs/mmhuman3d/mroi_hrnet48.py, mroi_resnet50.py "
                'and mroi_synthetic.py.'
            )
        self._config = {'model': kwargs, **mmengine_config}
        built = {'model': {name: kwargs[name] for name in ('head', 'body_model') if name in kwargs}}
        if any(not osp.exists(item.path) for item in required_files(built)):
            check_files(self._config)
        write_whole_files()
        read_checkpoints_safely()  # those of mmengine's Runner too
        super().__init__(**kwargs)

    def init_weights(self) -> None:
        """Initialize for training, once all files that it needs are there.

        Raises:
            MissingFilesError: naming all missing files at once.
        """
        check_files(self._config)
        super().init_weights()

    def train_step(self, data: dict[str, Any], optimizer: Any, **kwargs: Any) -> dict[str, Any]:
        """Losses of one batch; mmcv's ``OptimizerHook`` does the rest.

        Returns:
            ``loss`` with a graph, ``log_vars`` as numbers and ``num_samples``.
        """
        losses = self.forward(**self.data_preprocessor(data, True), mode='loss')
        loss, log = self.parse_losses(losses)
        numbers = OrderedDict((name, value.item()) for name, value in log.items())
        return {'loss': loss, 'log_vars': numbers, 'num_samples': len(data['img'])}

    def forward(
        self, img: Tensor, mode: str = 'tensor', return_loss: bool | None = None, **batch: Any
    ) -> Any:
        """As mmhuman3d's test loops call it, ``model(return_loss=False, **batch)``, else ours.

        Returns:
            One dictionary of small arrays per person, without vertices: the loop keeps them all.
        """
        if return_loss is None:
            return super().forward(img, mode, **batch)
        batch = self.data_preprocessor({'img': img, **batch})
        people = self.predict(batch.pop('img'), batch)
        return [
            {
                'image_idx': int(person['sample_idx']),
                **{name: person[name].cpu() for name in KEPT if name in person},
            }
            for person in people
        ]


class MultiRoIHumanDataset(human_data.MultiRoIHumanDataset):
    """`MultiRoIHumanDataset` that draws from the worker's generator and evaluates results.

    Args:
        *args: of the original.
        test_mode: whether random numbers depend on the sample alone.
        **kwargs: of the original.
    """

    def __init__(self, *args: Any, test_mode: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.test_mode = test_mode

    def rng(self, index: int, stream: int = 0) -> np.random.Generator:
        """Numbers from torch's generator, which differs between workers and epochs."""
        if self.test_mode:
            return super().rng(index, stream)
        return np.random.default_rng(torch.randint(2**31, (4,)).tolist())

    def __getitem__(self, index: int) -> dict[str, Any]:
        """The sample without its strings, which mmcv's ``collate`` cannot batch."""
        sample = super().__getitem__(index)
        return {name: value for name, value in sample.items() if not isinstance(value, str)}

    def evaluate(
        self,
        results: Sequence[dict[str, Any]],
        res_folder: str | None = None,
        logger: Any = None,
        metric: str | Sequence[str] = ('mpjpe', 'pa-mpjpe', 'pve'),
        protocol: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> OrderedDict[str, float]:
        """Errors of the results by our protocol, by mmhuman3d's names (``PA-MPJPE``), mm.

        Args:
            results: of the test loop, in any order; padded repetitions count once.
            res_folder: not used, nothing is written.
            logger: not used.
            metric: some of ``mpjpe``, ``pa-mpjpe`` and ``pve``.
            protocol: config of `HumanMeshMetric`.
            **kwargs: what else mmhuman3d's ``evaluation`` holds.

        Raises:
            ValueError: if ``protocol`` is missing, a metric is unknown, or a person has no result.
        """
        if protocol is None:
            raise ValueError(
                'evaluation.protocol is missing: give the config of HumanMeshMetric '
                '(configs/mmhuman3d/).'
            )
        wanted = [metric] if isinstance(metric, str) else list(metric)
        unknown = sorted(set(wanted) - set(NAMES))
        if unknown:
            raise ValueError(f'metric={unknown}: expected some of {", ".join(NAMES)}.')
        by_person = {result['image_idx']: result for result in results}
        absent = sorted(set(range(len(self))) - set(by_person))
        if absent:
            raise ValueError(f'no result for {len(absent)} of {len(self)} persons: {absent[:5]}.')
        evaluator = METRICS.build(protocol)
        body = evaluator.bodies.get('neutral', torch.device('cpu'))
        for start in range(0, len(self), CHUNK):
            indices = range(start, min(start + CHUNK, len(self)))
            evaluator.process(self._truth(indices), _pose(body, [by_person[i] for i in indices]))
        found = evaluator.compute_metrics(evaluator.means.reduce())
        return OrderedDict(
            (name.upper(), found[NAMES[name]]) for name in wanted if NAMES[name] in found
        )

    def _truth(self, indices: Sequence[int]) -> dict[str, Any]:
        rows = [self.annotations.row(i) for i in indices]
        names = ('smpl_global_orient', 'smpl_body_pose', 'smpl_betas', 'has_smpl', 'keypoints3d')
        batch = {
            name: torch.as_tensor(np.stack([row[name] for row in rows]), dtype=torch.float32)
            for name in names
        }
        return {**batch, 'gender': torch.tensor([int(row['gender']) for row in rows])}


class ConcatHumanDataset(human_data.ConcatHumanDataset):
    """`ConcatHumanDataset` of the data sets above."""

    part = MultiRoIHumanDataset


def _pose(body: Any, results: Sequence[dict[str, Any]]) -> list[dict[str, Tensor]]:
    """Predictions with the vertices and joints that the results left out."""
    pose, betas = (torch.stack([r[name] for r in results]) for name in ('pred_pose', 'pred_betas'))
    with torch.no_grad():
        posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
    return [
        {**result, 'pred_vertices': vertices, 'pred_joints': joints}
        for result, vertices, joints in zip(results, posed['vertices'], posed['joints'])
    ]


enter_mmhuman3d('ARCHITECTURES', MultiRoIEstimator)
enter_mmhuman3d('DATASETS', MultiRoIHumanDataset)
enter_mmhuman3d('DATASETS', ConcatHumanDataset)
