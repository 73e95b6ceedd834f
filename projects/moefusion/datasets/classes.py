"""Refuses classes, colours and folders in a config that would be read as others than were meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config

KEYS = 'classes', 'palette'
FOLDERS = 'visible', 'infrared', 'annotation'


def check_metainfo(metainfo: Any, reader: str) -> None:
    """Refuse what MMDetection would pass over: no dict, or the keys of its version 2.

    Args:
        metainfo: of a reader's config.
        reader (str): its name, for messages.

    Raises:
        ValueError: as above.
    """
    if metainfo is None:
        return
    if not isinstance(metainfo, (Mapping, Config)):
        raise ValueError(
            f'{reader}: metainfo must be a dict, dict(classes=(...)), but is {metainfo!r}'
        )
    for key in metainfo:
        if key not in KEYS and str(key).lower() in KEYS:
            raise ValueError(f'{reader}: metainfo.{key} is not read. Write {key.lower()}.')


def check_folders(data_prefix: Any, others: Mapping[str, Any], reader: str) -> dict[str, str]:
    """Return the folders that a config names, ``img`` as ``visible``; refuse those not read.

    Args:
        data_prefix: of a reader's config.
        others (Mapping[str, Any]): its other arguments.
        reader (str): its name, for messages.

    Raises:
        ValueError: as above.
    """
    folders = data_prefix or {}
    cure = f'Name them in data_prefix=dict(...), as {", ".join(FOLDERS)} (img is visible)'
    if not isinstance(folders, Mapping):
        raise ValueError(f'{reader}: data_prefix is {folders!r}, which names no folders. {cure}.')
    unread = [key for key in folders if key not in (*FOLDERS, 'img')]
    unread += [key for key in ('img_subdir', 'ann_subdir') if key in others]
    if unread:
        raise ValueError(f'{reader}: the folders {", ".join(unread)} are not read. {cure}.')
    return {'visible' if key == 'img' else key: folder for key, folder in folders.items()}


def check_classes(classes: Any, ignored: Iterable[str], reader: str) -> None:
    """Refuse classes whose order or names are not certain, or that are ignored at once.

    Args:
        classes: of a reader's metainfo; None is none.
        ignored (Iterable[str]): ``ignore_classes`` of its config, no string.
        reader (str): its name, for messages.

    Raises:
        ValueError: as above.
    """
    if isinstance(ignored, str):
        raise ValueError(
            f'{reader}: ignore_classes is the string {ignored!r}, not a list of names. One class '
            f'is written as [{ignored!r}].'
        )
    if isinstance(classes, str):
        raise ValueError(
            f'{reader}: metainfo.classes is the string {classes!r}, not a tuple of names. One '
            f'class is written with a comma: classes=({classes!r},).'
        )
    if classes is None:
        return
    if not isinstance(classes, (list, tuple)):
        raise ValueError(
            f'{reader}: metainfo.classes must be a tuple, since labels are places in it, but is a '
            f'{type(classes).__name__}'
        )
    named = all(isinstance(name, str) and name for name in classes)
    if not named or len(set(classes)) < len(classes):
        raise ValueError(
            f'{reader}: metainfo.classes must be different names, but is {tuple(classes)}'
        )
    if both := sorted(set(classes) & set(ignored)):
        raise ValueError(
            f'{reader}: {", ".join(both)} is in ignore_classes and in metainfo.classes. Take it '
            'out of one of them.'
        )


def fit_palette(metainfo: dict[str, Any], given: Any, reader: str) -> None:
    """Replace the data set's colours by random ones where its classes are replaced by more.

    Args:
        metainfo (dict): the reader's, changed in place.
        given: that of its config.
        reader (str): its name, for messages.

    Raises:
        ValueError: if the config itself gives too few: MMDetection stops at the first box without.
    """
    palette, classes = metainfo.get('palette'), metainfo.get('classes') or ()
    if not isinstance(palette, (list, tuple)) or len(palette) >= len(classes):
        return
    if 'palette' in (given or {}):
        raise ValueError(
            f'{reader}: metainfo.palette has {len(palette)} colours for {len(classes)} classes. '
            'Give one for each, or leave it out.'
        )
    metainfo['palette'] = 'random'
