"""Keeps each finished value in a file as it comes, so that a second run takes it up."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch

from moefusion import __version__
from moefusion.ranks import Ranks

Task = TypeVar('Task')
VERSIONS = dict(
    moefusion=__version__, torch=torch.__version__, numpy=np.__version__, opencv=cv2.__version__
)


def fingerprint(files: Iterable[Path], *settings: object) -> str:
    """A text that changes with the path, size and time of any file, the settings and versions."""
    states = [_state(path) for path in files]
    text = json.dumps([states, settings, VERSIONS], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:  # who reads it says so
        return str(path.resolve()), -1, 0
    return str(path.resolve()), found.st_size, found.st_mtime_ns


class ResultCache:
    """Values by key, in a file of JSON lines; what is half-written is no line.

    Args:
        folder (str | Path, optional): where the file is; made if it is missing. Without one
            nothing outlasts the process.
        name (str): the file's name without ``.jsonl``.
        ranks (Ranks): each process has a file of its own, and reads those of all.

    Raises:
        OSError: if the file cannot be written.
    """

    def __init__(
        self, folder: str | Path | None = None, name: str = 'scored', ranks: Ranks | None = None
    ) -> None:
        self.ranks = ranks or Ranks()
        self.values: dict[str, Any] = {}
        self.pattern, self.path = f'{name}*.jsonl', None
        if folder is not None:
            number = f'.{self.ranks.number}' if self.ranks.number else ''
            self.path = Path(folder, f'{name}{number}.jsonl')
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _append(self.path, b'')
        self.read()

    def read(self) -> None:
        """Take up what is in the files of all processes."""
        for path in sorted(self.path.parent.glob(self.pattern)) if self.path else []:
            for line in path.read_bytes().splitlines():
                try:
                    found = json.loads(line)
                    self.values[found['key']] = found['value']
                except (ValueError, LookupError, TypeError):
                    continue  # cut off when its process was stopped

    def add(self, key: str, value: Any, lasting: bool = True) -> None:
        """Add a value, and write it down at once, unless a second run should try again.

        Raises:
            OSError: if it cannot be written.
        """
        self.values[key] = value
        if lasting and self.path:
            _append(self.path, json.dumps(dict(key=key, value=value)).encode() + b'\n')

    def complete(
        self, tasks: Mapping[str, Task], run: Callable[[Mapping[str, Task]], None]
    ) -> list[Any]:
        """Have a value for each task: an earlier run's, or what ``run`` adds for those without.

        Each process runs its share. The first one then has all of them, and runs again what
        another process could not do.

        Args:
            tasks (Mapping[str, Task]): by key.
            run (Callable): takes some of ``tasks`` and calls :meth:`add` for each.

        Returns:
            list: a value for each task in their order; nothing in the other processes.
        """
        run(self._lacking({key: tasks[key] for key in self.ranks.share(tasks)}))
        if self.ranks.count > 1:
            self.ranks.gather(None)
            if self.ranks.number:
                return []
            self.read()
            run(self._lacking(tasks))
        return [self.values[key] for key in tasks]

    def _lacking(self, tasks: Mapping[str, Task]) -> dict[str, Task]:
        return {key: task for key, task in tasks.items() if key not in self.values}


def _append(path: Path, line: bytes) -> None:
    """Write a line, after the end of one that was cut off."""
    try:
        with open(path, 'a+b') as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b'\n' else b'\n' + line
            file.write(line)
    except OSError as error:
        raise OSError(
            error.errno,
            f'cannot write {path}: {error.strerror}. Free space on that disk or choose another, '
            'writable --out-dir; the same command goes on from here',
        ) from error
