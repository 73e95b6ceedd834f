"""Finds the readers in a config, under whatever dataset wrappers."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config, ConfigDict


def find_readers(cfg: Config, splits: Sequence[str]) -> list[tuple[str, ConfigDict]]:
    """Return (split, reader config) for each reader of the dataloaders, each once.

    Args:
        cfg (mmengine.Config): a config with dataloaders.
        splits (Sequence[str]): out of 'train', 'val', 'test'.

    Raises:
        ValueError: the config has no dataloader for any of them.
    """
    found: list[tuple[str, ConfigDict]] = []

    def unwrap(split: str, dataset: ConfigDict) -> None:
        inner = dataset.get('datasets') or [dataset[key] for key in ('dataset',) if key in dataset]
        for part in inner:
            unwrap(split, part)
        if not inner and dataset not in [known for _, known in found]:
            found.append((split, dataset))

    for split in splits:
        if cfg.get(f'{split}_dataloader'):
            unwrap(split, cfg[f'{split}_dataloader']['dataset'])
    if not found:
        raise ValueError(f'{cfg.filename} has no dataloader for {", ".join(splits)}')
    return found
