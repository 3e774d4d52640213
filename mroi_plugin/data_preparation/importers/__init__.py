"""Annotation files of other formats to HumanData."""
