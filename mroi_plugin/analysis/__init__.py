"""Comparisons, ablations and reports over several runs."""
