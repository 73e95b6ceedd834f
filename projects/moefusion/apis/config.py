"""Reads a config as MMDetection's tools do."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from moefusion.files import write_file

# At the top of a config MMEngine's runner and the tools read these besides the runner's arguments.
ALSO_READ = (
    *('activation_checkpointing', 'compile', 'custom_imports', 'efficient_conv_bn_eval'),
    *('find_unused_parameters', 'model_wrapper_cfg', 'runner_type', 'sync_bn'),
)
SHOWN = 4  # places that a message names


class WholeConfig(Config):
    """MMEngine's ``Config``, which a runner dumps into its work_dir whole or not at all."""

    def dump(self, file: str | Path | None = None) -> str | None:
        """Write to a file, or return the text without one."""
        if file is None or not str(file).endswith('.py'):
            return super().dump(file)
        write_file(file, self.pretty_text.encode())
        return None


def load_config(
    path: str | Path, options: dict | None = None, work_dir: str | None = None
) -> Config:
    """Read a config file.

    Args:
        path (str | Path): the file.
        options (dict, optional): keys to override (``--cfg-options``).
        work_dir (str, optional): overrides the config's; without either it is
            ``work_dirs/<name of the config>``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of an option that nothing reads.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path}: there is no such file')
    cfg = Config.fromfile(path)
    object.__setattr__(cfg, '__class__', WholeConfig)  # an attribute that Config takes for a key
    merge_options(cfg, options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    return cfg


def merge_options(cfg: Config, options: Mapping[str, Any] | None) -> None:
    """Override keys of a config that was read: its variables have done what they do by then.

    Args:
        cfg (Config): changed in place.
        options (Mapping[str, Any], optional): values by key, ``'model.fusion.top_k'``.

    Raises:
        ValueError: of a key that nothing reads, such as ``data_root`` or MMDetection 2's
            ``optimizer``, with the places that have one of this name; or of one that does not fit,
            such as the tenth of two entries.
    """
    if not options:
        return
    from mmengine.runner import Runner  # here, as it loads torch

    read = {*inspect.signature(Runner).parameters, *ALSO_READ} - {'cfg'}
    for key in options:
        top, dot, rest = key.partition('.')
        if top in read:
            continue
        kept = {name: cfg[name] for name in cfg if name in read}
        found = list(_places(kept, top)) or difflib.get_close_matches(top, sorted(read), 1)
        places = ', '.join(f'{place}{dot}{rest}' for place in found[:SHOWN])
        cure = f'Name the place that is meant: {places}' if places else ''
        raise ValueError(
            f'{key}: nothing reads {top} at the top of a config that is complete, so it would '
            f'change nothing. {cure or "Look its place up in the config"}'
        )
    try:
        cfg.merge_from_dict(dict(options))
    except (AttributeError, LookupError, TypeError) as error:
        reason = error.args[0] if error.args else error
        raise ValueError(f'{dict(options)} does not fit the config: {reason}') from error


def _places(value: Any, name: str, place: str = '') -> Iterator[str]:
    """Where in a config there is a key of a name, as an option would name it."""
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if key == name:
            yield f'{place}{key}'
        yield from _places(inner, name, f'{place}{key}.')
