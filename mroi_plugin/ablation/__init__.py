"""The papers' ablations: groups of configs with equal budget, one table each."""

from mroi_plugin.ablation.ablate import ablate
from mroi_plugin.ablation.groups import GROUPS, PAPER_ERRORS

__all__ = ['GROUPS', 'PAPER_ERRORS', 'ablate']
