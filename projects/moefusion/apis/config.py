"""Reads a config as MMDetection's tools do."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from moefusion.files import write_file

# What reads a config's keys: Runner's arguments, and those that it looks up itself.
READ = {*inspect.signature(Runner).parameters} - {'cfg'} | {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
}


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
        ValueError: if an option would change nothing, or does not fit the config.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path}: there is no such file')
    cfg = Config.fromfile(path)
    object.__setattr__(cfg, '__class__', WholeConfig)  # an attribute that Config takes for a key
    if options:
        check_options(options, cfg)
        try:
            cfg.merge_from_dict(options)
        except (AttributeError, LookupError, TypeError) as error:
            reason = error.args[0] if error.args else error
            raise ValueError(f'--cfg-options {options} does not fit {path}: {reason}') from error
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    return cfg


def check_options(options: Iterable[str], cfg: dict[str, Any]) -> None:
    """Raise ValueError where an option would change nothing without a word.

    Args:
        options (Iterable[str]): keys such as ``train_cfg.max_epochs``.
        cfg (dict): the config that they override.
    """
    for option in options:
        name = option.split('.')[0]
        if name in READ:
            continue
        if name in cfg:
            raise ValueError(
                f'--cfg-options {option} would change nothing: the config has put the value of '
                f'{name} where it is needed. Override it there, such as train_cfg.max_epochs'
            )
        near = difflib.get_close_matches(name, READ, 1)
        cure = f'Is it {near[0]}?' if near else 'If code of yours reads it, put it into the config'
        raise ValueError(f'--cfg-options {option}: nothing reads the key {name}. {cure}')
