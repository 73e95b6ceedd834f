"""The table of what each method keeps of the things that only one camera shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import EvaluationSet, read_rgb
from moefusion.comparison.tables import Table, score_rows
from moefusion.files import PairError, read_infrared, read_size
from moefusion.files.annotations import several
from moefusion.files.folders import match_ids
from moefusion.metrics import Cue, cue_retention
from moefusion.progress import Progress, silent

COLUMNS = ['visible only', 'infrared only', 'colour']
SOURCES = 'Visible', 'Infrared', 'Mean of both'


def cue_table(
    images: EvaluationSet, cues: Mapping[str, list[dict[str, Any]]], progress: Progress = silent
) -> Table:
    """Measure every method on every cue, the sources and their plain mean beside them.

    Args:
        images (EvaluationSet): the test set.
        cues (Mapping[str, list[dict]]): from :func:`moefusion.files.read_cues`.
        progress (Progress): wraps the iterator over images, given their number.

    Returns:
        Table: means over the cues, from 0 to 1.

    Raises:
        EvaluationError: see :func:`check_cues`.
    """
    stems = check_cues(images, cues)
    kept = []
    for stem in progress(stems, len(stems)):
        visible = read_rgb(images.visible[stem])
        infrared = read_infrared(images.infrared[stem], images.infrared_range)
        mean = np.round((visible.astype(np.float32) + infrared[..., None]) / 2).astype(np.uint8)
        candidates = dict(zip(SOURCES, (visible, infrared, mean)))
        candidates |= {name: read_rgb(files[stem]) for name, files in images.fused.items()}
        wanted = [Cue(cue['source'], cue['box'], cue['coloured']) for cue in cues[stem]]
        kept += [
            {'method': name, f'{cue.source} only': values['gray'], 'colour': values['colour']}
            for name, image in candidates.items()
            for cue, values in zip(wanted, cue_retention(visible, infrared, image, wanted))
        ]
    methods = pd.DataFrame(kept, columns=['method', *COLUMNS]).groupby('method', sort=False)
    counts = methods.count().loc['Visible']  # the same for each method
    note = (
        'Share of the contrast that is left of what one camera alone shows: 1 for that camera, '
        f'0 where it is lost. Measured on {len(stems)} images; cues: '
        + ', '.join(f'{count} {column}' for column, count in counts.items())
        + '.'
    )
    rows = score_rows(methods.mean().to_dict('index'))
    return Table('Cues of one camera', rows, SOURCES, digits=3, notes=[note])


def match_cues(
    images: EvaluationSet, cues: Mapping[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """The cues by the ids of the test set, see :func:`moefusion.files.match_ids`.

    Raises:
        EvaluationError: if two images of the file stand for one of the set.
    """
    found = match_ids(cues, images.stems, images.ends)
    for names in found.values():
        if len(names) > 1:
            raise EvaluationError(f'--cues: {several(names)}')
    return {stem: cues[names[0]] for stem, names in found.items()}


def check_cues(images: EvaluationSet, cues: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    """Return the images that have cues.

    Raises:
        EvaluationError: if none has, a cue lies outside its image, or a method has a source's name.
    """
    images.check_names(SOURCES)
    stems = [stem for stem in images.stems if cues.get(stem)]
    if not stems:
        raise EvaluationError('--cues: no image of the test set has a cue in that file')
    for stem in stems:
        try:
            width, height = read_size(images.visible[stem])
        except PairError:
            continue  # its reader leaves it out
        for x, y, *size in (cue['box'] for cue in cues[stem]):
            if not (-size[0] < x < width and -size[1] < y < height):
                raise EvaluationError(
                    f'--cues: a box at {x:g}, {y:g} of {stem} is outside its image, '
                    f'{width} x {height}: correct it in that file'
                )
    return stems
