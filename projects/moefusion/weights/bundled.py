"""Published weights: a file of weights and, beside it, a JSON with its SHA-256 and its model."""

import hashlib
import json
from pathlib import Path
from typing import Any

from moefusion.files import write_file

BUNDLED = Path(__file__).parent / 'moefusion-lite.pth'


def write_description(weights: str | Path, model: dict[str, Any]) -> Path:
    """Write ``<stem>.json`` with a model's config beside its file of weights; return its path.

    Raises:
        OSError: if one cannot be read or the other not be written.
    """
    weights = Path(weights)
    path = weights.with_suffix('.json')
    description = dict(sha256=hashlib.sha256(weights.read_bytes()).hexdigest(), model=model)
    write_file(path, (json.dumps(description, indent=1) + '\n').encode())
    return path


def read_description(weights: str | Path = BUNDLED) -> dict[str, Any]:
    """The model config of a published file of weights, after a look at the file's SHA-256.

    Raises:
        FileNotFoundError: if the weights or the JSON beside them are not there.
        ValueError: if the JSON cannot be read, or the SHA-256 is another.
    """
    weights = Path(weights)
    path = weights.with_suffix('.json')
    for file in (weights, path):
        if not file.is_file():
            raise FileNotFoundError(
                f'{file}: the published weights are not there. Install the '
                'package again, or give a config and a checkpoint'
            )
    try:
        description = json.loads(path.read_text(encoding='utf-8'))
        model, expected = description['model'], description['sha256']
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f'{path} does not describe weights ({error}): install the package again, '
            'or publish them again with tools/publish_model.py --config'
        ) from error
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != expected:
        raise ValueError(
            f'{weights} is damaged or was replaced: its SHA-256 is {found}, but '
            f'{path.name} says {expected}. Install the package again'
        )
    return model
