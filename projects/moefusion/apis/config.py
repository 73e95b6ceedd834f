"""Reads a config as MMDetection's tools do."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config


def load_config(
    path: str | Path, options: dict | None = None, work_dir: str | None = None
) -> Config:
    """Read a config file.

    Args:
        path (str | Path): the config file.
        options (dict, optional): keys to override (``--cfg-options``).
        work_dir (str, optional): overrides the config's; without either it is
            ``work_dirs/<name of the config>``.

    Returns:
        Config: the config.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path}: there is no such file')
    cfg = Config.fromfile(path)
    if options:
        cfg.merge_from_dict(options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    return cfg
