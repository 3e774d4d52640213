"""Files of boxes in the forms of COCO and of the programs that write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mroi_plugin.utils.json_input import load_json
from mroi_plugin.utils.names import list_some

PERSON = 1
"""COCO's category of persons, where a file names none."""
PERSON_NAMES = ('person', 'persons', 'people', 'human', 'pedestrian')
FORMS = (
    'COCO annotations ("images", "annotations" and "categories") or a list of detections '
    '("image_id" or "file_name", "bbox" as x, y, w, h in pixels, "score") as pycocotools, '
    'detectron2 and mmdetection write it, or AlphaPose with "box" for "bbox"; or rows x, y, w, h '
    'for every image, or an object of such by the names of images'
)
OTHERS = {
    'results of Ultralytics': {'name', 'class', 'confidence'},
    "mmdetection's predictions of one image": {'labels', 'scores', 'bboxes'},
    "mmpose's predictions of one image": {'instance_info'},
    'keypoints of OpenPose': {'people'},
    'annotations of LabelMe': {'shapes'},
    "detectron2's annotations": {'file_name', 'annotations'},
}
"""Forms that are refused by name: they do not say which image they are of, or how boxes are
measured."""


@dataclass
class BoxFile:
    """What a file of boxes holds.

    Attributes:
        boxes: (n, 5) x, y, w, h px and score of the persons, by the name of an image or its id.
        notes: what was left out, one line each.
        sizes: (2) w, h px of images, by name, where the file tells.
    """

    boxes: dict[str, np.ndarray]
    notes: list[str] = field(default_factory=list)
    sizes: dict[str, np.ndarray] = field(default_factory=dict)


class _FormError(ValueError):
    """An entry that is not of the form."""


MALFORMED = (KeyError, TypeError, AttributeError, ValueError, OverflowError)
"""What reading an entry of another form raises."""


def read_box_file(path: str) -> BoxFile | list[Any] | dict[str, Any]:
    """The boxes of persons; rows of numbers, and objects of such, as they stand.

    Persons are the categories of these names, ``PERSON_NAMES``; category 1 where the file names
    none. Crowds (``iscrowd``) are left out.

    Args:
        path: of one of ``FORMS``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is of another form.
    """
    content = load_json(path, 'boxes', FORMS)
    try:
        _refuse_others(content)
        return content if _is_plain(content) else _boxes(content)
    except _FormError as error:
        raise ValueError(f'{path} (boxes): {error}; expected {FORMS}.') from None


def _is_plain(content: Any) -> bool:
    """Whether it is rows of numbers, or an object of such by name, some of them empty."""
    if isinstance(content, Mapping):
        named = bool(content) and not {'images', 'annotations'} & set(content)
        return named and all(rows == [] or _is_plain(rows) for rows in content.values())
    if not isinstance(content, list) or not content:
        return False
    return _is_row(content) or all(map(_is_row, content))


def _is_row(row: Any) -> bool:
    several = isinstance(row, list) and len(row) > 0
    return several and all(type(number) in (int, float) for number in row)


def _boxes(content: Any) -> BoxFile:
    names, sizes, persons, entries = None, {}, None, content
    if isinstance(content, Mapping):
        entries = _list(content, 'annotations')
        if 'images' in content:
            names, sizes = _names(_list(content, 'images')), _sizes(content['images'])
        if content.get('categories'):
            persons = _persons(_list(content, 'categories'))
    if not isinstance(entries, list):
        raise _FormError(f'it is {_quoted(entries)}')
    rows: dict[str, list[list[float]]] = {}
    crowds, others = 0, Counter()
    for i, entry in enumerate(entries):
        try:
            if not isinstance(entry, Mapping):
                raise _FormError(f'is {_quoted(entry)}')
            category = _category(entry, persons)
            if category not in (persons or {str(PERSON)}):
                others[category] += 1
            elif entry.get('iscrowd') in (1, '1'):
                crowds += 1
            else:
                rows.setdefault(_name(entry, names), []).append(_row(entry))
        except MALFORMED as error:
            problem = str(error) if isinstance(error, _FormError) else _told(error)
            raise _FormError(f'entry {i} {problem}') from None
    boxes = {name: np.array(found) for name, found in rows.items()}
    notes = _notes(crowds, others, sorted(persons or {str(PERSON)}), not rows)
    return BoxFile(boxes, notes, sizes)


def _notes(crowds: int, others: Counter[str], persons: list[str], empty: bool) -> list[str]:
    """What was left out."""
    notes = [f'{crowds} crowds (iscrowd) are left out.'] if crowds else []
    if others:
        notes.append(
            f'{sum(others.values())} boxes are left out, of the categories {list_some([*others])}: '
            f'persons are {list_some(persons)}.'
        )
    return notes + (['it holds no box of a person.'] if empty else [])


def _category(entry: Mapping[str, Any], persons: set[str] | None) -> str:
    """Id of the category of an entry; it may be missing where the file names none."""
    return _identity(entry['category_id'] if persons else entry.get('category_id', PERSON))


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f'has no {error}'
    return f'is of another form ({type(error).__name__}: {error})'


def _quoted(entry: Any) -> str:
    return f'a {type(entry).__name__}: {entry!r:.60}'


def _refuse_others(content: Any) -> None:
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, Mapping) or {'images', 'annotations'} <= set(first):
        return
    for form, keys in OTHERS.items():
        if keys <= set(first):
            raise _FormError(f'these are {form}')


def _list(content: Mapping[str, Any], key: str) -> list[Any]:
    if not isinstance(content.get(key), list):
        raise _FormError(f'it has no list {key!r}')
    return content[key]


def _names(images: list[Any]) -> dict[str, str]:
    """Names of images by id."""
    names: dict[str, str] = {}
    for i, image in enumerate(images):
        try:
            identity, name = _identity(image['id']), image['file_name']
        except (KeyError, TypeError) as error:
            raise _FormError(f'image {i} {_told(error)}') from None
        if not isinstance(name, str) or not name:
            raise _FormError(f'image {i} has the "file_name" {name!r}')
        if names.setdefault(identity, name) != name:
            raise _FormError(f'{names[identity]!r} and {name!r} have the same id {identity!r}')
    return names


def _sizes(images: list[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Sizes (2) px of images by name, of those whose entry has one."""
    sizes = {}
    for image in images:
        size = [image.get('width'), image.get('height')]
        if all(isinstance(side, (int, float)) and 0 < side < np.inf for side in size):
            sizes[_slashes(image['file_name'])] = np.array(size, np.float64)
    return sizes


def _persons(categories: list[Any]) -> set[str]:
    """Ids of the categories that are persons."""
    try:
        found = {_identity(c['id']): str(c['name']) for c in categories}
    except (KeyError, TypeError) as error:
        raise _FormError(f'"categories": one {_told(error)}') from None
    persons = {i for i, name in found.items() if name.strip().lower() in PERSON_NAMES}
    if not persons:
        raise _FormError(
            f'none of its categories is a person: {list_some([*found.values()])} (known as '
            f'{", ".join(PERSON_NAMES)})'
        )
    return persons


def _identity(value: Any) -> str:
    """An id: the same as a number and as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or value != value:
        raise _FormError(f'has the id {value!r}')
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return str(int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else text


def _name(entry: Mapping[str, Any], names: Mapping[str, str] | None) -> str:
    """Name of the image of an entry, or its id."""
    name = entry.get('file_name')
    if name is None:
        identity = _identity(entry['image_id'])
        if names is None:
            name = str(entry['image_id']) if isinstance(entry['image_id'], str) else identity
        elif identity in names:
            name = names[identity]
        else:
            name = f'image_id {identity}, which is none of "images"'
    if not isinstance(name, str) or not name:
        raise _FormError(f'has the name {name!r}')
    return _slashes(name)


def _slashes(path: str) -> str:
    return path.replace('\\', '/')


def _row(entry: Mapping[str, Any]) -> list[float]:
    key = 'box' if 'box' in entry and 'bbox' not in entry else 'bbox'
    x, y, w, h = (float(value) for value in entry[key])
    return [x, y, w, h, float(entry.get('score', 1))]
