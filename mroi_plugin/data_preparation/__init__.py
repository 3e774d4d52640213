"""Annotation files of other tools: imported, completed and checked."""
