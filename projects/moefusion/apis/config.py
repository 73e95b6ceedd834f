"""Reads a config as MMDetection's tools do."""

from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from moefusion.files import write_file


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
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path}: there is no such file')
    cfg = Config.fromfile(path)
    object.__setattr__(cfg, '__class__', WholeConfig)  # an attribute that Config takes for a key
    if options:
        cfg.merge_from_dict(options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    return cfg
