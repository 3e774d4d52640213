"""The bodies of the three genders from one config."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mroi_plugin.models.body_models.genders import GENDER_NAMES, NEUTRAL
from mroi_plugin.models.body_models.smpl_targets import smpl_targets
from mroi_plugin.registry import MODELS


class GenderedBodies:
    """Bodies of the three genders from one config, each built when a sample needs it.

    Args:
        body_model: config of `SMPLBody` without ``gender``.
        or_neutral: take the neutral body in place of one whose file is missing.
    """

    def __init__(self, body_model: dict[str, Any], or_neutral: bool = False) -> None:
        self.body_model, self.or_neutral = dict(body_model), or_neutral
        self._built: dict[str, nn.Module] = {}

    def get(self, gender: str, device: torch.device) -> nn.Module:
        """The body of ``male``, ``female`` or ``neutral`` on a device.

        Raises:
            FileNotFoundError: if its file is missing.
        """
        if gender not in self._built:
            try:
                body = MODELS.build({**self.body_model, 'gender': gender})
            except FileNotFoundError:
                if gender == GENDER_NAMES[NEUTRAL] or not self.or_neutral:
                    raise
                return self.get(GENDER_NAMES[NEUTRAL], device)
            self._built[gender] = body.eval().requires_grad_(False)
        return self._built[gender].to(device)

    @torch.no_grad()
    def vertices(self, batch: dict[str, Any], device: torch.device) -> Tensor:
        """Pose every person of a batch with the body of its own gender.

        Args:
            batch: ``smpl_global_orient`` (N, 3), ``smpl_body_pose`` (N, 23, 3) axis-angle,
                ``smpl_betas`` (N, 10) and ``gender`` (N) as 0 male, 1 female, -1 neutral.
            device: where to compute.

        Returns:
            (N, V, 3) meters, without translation.

        Raises:
            ValueError: for any other gender code.
        """
        pose, betas = smpl_targets(batch)
        codes = torch.as_tensor(batch['gender'])
        unknown = set(codes.tolist()) - set(GENDER_NAMES)
        if unknown:
            raise ValueError(f'gender={sorted(unknown)}: expected 0 male, 1 female, -1 neutral.')
        parts, order = [], []
        for code in sorted(set(codes.tolist())):
            who = (codes == code).nonzero()[:, 0]
            order.append(who)
            given = (x[who.to(x.device)].to(device, non_blocking=True) for x in (pose, betas))
            parts.append(self._pose(GENDER_NAMES[code], *given))
        return torch.cat(parts)[torch.cat(order).argsort().to(device, non_blocking=True)]

    @torch.no_grad()
    def vertices_by_mask(self, pose: Tensor, betas: Tensor, gender: Tensor) -> Tensor:
        """`vertices` of `smpl_targets` and genders (N) on their device, which is not asked who has
        which: everybody is posed with all three bodies."""
        chosen = self._pose(GENDER_NAMES[NEUTRAL], pose, betas)
        for code in set(GENDER_NAMES) - {NEUTRAL}:
            theirs = self._pose(GENDER_NAMES[code], pose, betas)
            chosen = torch.where((gender == code)[:, None, None], theirs, chosen)
        return chosen

    def _pose(self, gender: str, pose: Tensor, betas: Tensor) -> Tensor:
        body = self.get(gender, pose.device)
        posed = body(global_orient=pose[:, :1], body_pose=pose[:, 1:], betas=betas, pose2rot=False)
        return posed['vertices']
