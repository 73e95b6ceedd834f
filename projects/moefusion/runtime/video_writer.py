"""Writes fused frames as a video that appears under its name when it is complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from moefusion.extras import need
from moefusion.files import PairError

av = need('av', 'moefusion video')
SUFFIXES = '.mp4', '.mkv', '.mov'
TICKS = Fraction(1, 90_000)  # of a second, in which times are stored
KEEPS = KeyboardInterrupt, PairError  # after these, what came before is whole


class VideoWriter:
    """A video in H.264 that keeps the frames' times; a context manager.

    It is written under another name beside ``path``. On leaving the context it gets its own one,
    also after Ctrl-C and where a source ended; after other errors, and without frames, it goes.

    Args:
        path (str | Path): the file, ``.mp4``, ``.mkv`` or ``.mov``; one that is there is replaced.
        rate (float): about how many frames a second.

    Raises:
        PairError: if the name has another end.
    """

    def __init__(self, path: str | Path, rate: float) -> None:
        self.path = Path(path)
        self.rate = Fraction(rate).limit_denominator(1001)
        if self.path.suffix.lower() not in SUFFIXES:
            raise PairError(f'{path}: the name of a video ends in {", ".join(SUFFIXES)}')
        self._draft = self.path.with_name(f'.{os.getpid()}.tmp{self.path.suffix}')
        self._container: Any = None
        self._stream: Any = None
        self._start, self._last = 0.0, -1

    def __enter__(self) -> VideoWriter:
        return self

    def add(self, image: np.ndarray, time: float) -> None:
        """Add a frame.

        Args:
            image (np.ndarray): uint8, H x W x 3 (R, G, B) or H x W, of the first frame's size.
            time (float): in seconds, from any start.

        Raises:
            OSError: if it cannot be written.
            PairError: if it is of another size than the first frame.
        """
        with self._named():
            if self._container is None:
                self._open(image.shape, time)
            if image.shape[1::-1] != (self._stream.width, self._stream.height):
                raise PairError(f'{self.path}: the size of the frames changes on the way')
            frame = av.VideoFrame.from_ndarray(image, 'gray' if image.ndim == 2 else 'rgb24')
            self._last = max(self._last + 1, round((time - self._start) / TICKS))
            frame.pts, frame.time_base = self._last, TICKS
            self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._container is None:
            return
        try:
            with self._named():
                if kind is None or issubclass(kind, KEEPS):
                    self._container.mux(self._stream.encode())
                    self._container.close()
                    os.replace(self._draft, self.path)
        finally:
            with contextlib.suppress(OSError):
                self._container.close()
            with contextlib.suppress(OSError):
                self._draft.unlink()

    def _open(self, shape: tuple[int, ...], time: float) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self._draft), 'w')
        self._stream = self._container.add_stream('libx264', rate=self.rate)
        self._stream.height, self._stream.width = shape[:2]
        # Halved colour, which every player knows, is for even sizes.
        self._stream.pix_fmt = 'yuv444p' if shape[0] % 2 or shape[1] % 2 else 'yuv420p'
        self._stream.options = {'crf': '18', 'preset': 'veryfast'}
        self._stream.codec_context.time_base = TICKS
        self._start = time

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Have an error name the file, and not the draft."""
        try:
            yield
        except OSError as error:
            raise OSError(
                error.errno,
                f'cannot write {self.path}: {error.strerror or error}. Free space on that disk or '
                'choose another, writable folder; nothing was left half-written',
            ) from error
