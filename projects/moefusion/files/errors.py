"""What is wrong with a user's files: the message names the file, the fault and the cure."""

from __future__ import annotations

from collections.abc import Sequence


class PairError(ValueError):
    """A pair that cannot be used."""


class AnnotationError(ValueError):
    """Boxes that cannot be used, in VOC XML or COCO json."""


def first_of(names: Sequence[str], keep: int | None) -> str:
    """Name the first ``keep`` of some things, all with None; dots say that there are more."""
    shown = ', '.join(names[:keep])
    return shown if keep is None or len(names) <= keep else f'{shown}, ...'
