"""The table of what each method keeps of the things that only one camera shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import cv2
import numpy as np

from moefusion.comparison.errors import EvaluationError
from moefusion.comparison.pairs import EvaluationSet
from moefusion.comparison.tables import Row, Table
from moefusion.files import read_infrared, read_visible
from moefusion.metrics import Cue, cue_retention
from moefusion.metrics.summary import mean_of_defined

COLUMNS = ('visible only', 'infrared only', 'colour')


def cue_table(
    images: EvaluationSet,
    cues: Mapping[str, list[dict]],
    progress: Callable[[Iterable, int], Iterable] = lambda items, total: items,
) -> Table:
    """Measure every method on every cue, the sources and their plain mean beside them.

    Args:
        images (EvaluationSet): the test set.
        cues (Mapping[str, list[dict]]): from :func:`moefusion.files.read_cues`.
        progress (Callable): wraps the iterator over images, given their number.

    Returns:
        Table: means over the cues, from 0 to 1.

    Raises:
        EvaluationError: if no image of the test set has a cue.
    """
    stems = [stem for stem in images.stems if cues.get(stem)]
    if not stems:
        raise EvaluationError('--cues: no image of the test set has a cue in that file')
    kept: dict[str, dict[str, list[float]]] = {}
    for stem in progress(stems, len(stems)):
        visible = cv2.cvtColor(read_visible(images.visible[stem]), cv2.COLOR_BGR2RGB)
        infrared = read_infrared(images.infrared[stem])
        mean = np.round((visible.astype(np.float32) + infrared[..., None]) / 2).astype(np.uint8)
        candidates = {'Visible': visible, 'Infrared': infrared, 'Mean of both': mean}
        for name, files in images.fused.items():
            candidates[name] = cv2.cvtColor(read_visible(files[stem]), cv2.COLOR_BGR2RGB)
        wanted = [Cue(cue['source'], cue['box'], cue['coloured']) for cue in cues[stem]]
        for name, image in candidates.items():
            columns = kept.setdefault(name, {column: [] for column in COLUMNS})
            for cue, values in zip(wanted, cue_retention(visible, infrared, image, wanted)):
                columns[f'{cue.source} only'].append(values['gray'])
                columns['colour'].append(values['colour'])
    rows = [
        Row(name, mean_of_defined(columns)[0], ranked=name in images.fused)
        for name, columns in kept.items()
    ]
    source = {'visible only': 'Visible', 'infrared only': 'Infrared', 'colour': 'Visible'}
    counts = {
        column: sum(not math.isnan(value) for value in kept[source[column]][column])
        for column in COLUMNS
    }
    notes = [
        'Share of the contrast that is left of what one camera alone shows: 1 for that camera, '
        f'0 where it is lost. Measured on {len(stems)} images; cues: '
        + ', '.join(f'{count} {column}' for column, count in counts.items())
        + '.'
    ]
    return Table('Cues of one camera', COLUMNS, rows, digits=3, notes=notes)
