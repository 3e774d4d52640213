"""Annotation files of others, checked, completed and imported to HumanData."""

from mroi_plugin.annotation_tools.bedlam import import_bedlam
from mroi_plugin.annotation_tools.cliff import import_cliff
from mroi_plugin.annotation_tools.completion import CompletionOptions, complete_annotations
from mroi_plugin.annotation_tools.importing import ImportOptions
from mroi_plugin.annotation_tools.problems import AnnotationError
from mroi_plugin.annotation_tools.safe_files import read_npz
from mroi_plugin.annotation_tools.spin import import_spin

__all__ = [
    'AnnotationError',
    'CompletionOptions',
    'ImportOptions',
    'complete_annotations',
    'import_bedlam',
    'import_cliff',
    'import_spin',
    'read_npz',
]
