"""Reads a camera, or a stream from the network, in a thread: always its newest frame."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from moefusion.extras import need
from moefusion.files import PairError
from moefusion.runtime.frames import Frame, open_container, upright

av = need('av', 'moefusion video')
PATIENCE = 10.0  # seconds, after which a silent camera is gone


def is_camera(name: str) -> bool:
    """Whether it is a device number or a URL."""
    return name.isdecimal() or bool(re.match(r'\w+://', name))


class Camera:
    """The newest frame of a camera at any time; who is slower than the camera misses some.

    Args:
        name (str): number of a video device, or a URL that FFmpeg can read, such as ``rtsp://...``.

    Raises:
        FileNotFoundError: if it is not there.
        PairError: if it cannot be opened.
    """

    def __init__(self, name: str) -> None:
        self.name = f'camera {name}'
        place, options = name, {}
        if name.isdecimal():
            place, options = f'/dev/video{name}', {'format': 'v4l2'}
        container = open_container(self.name, place, timeout=PATIENCE, **options)
        self.rate = float(container.streams.video[0].average_rate or 0) or None
        self._newest: Frame | None = None
        self._gone = ''
        self._change = threading.Condition()
        threading.Thread(target=self._read, args=(container,), daemon=True).start()

    def newest(self, given: Frame | None = None) -> Frame:
        """The newest frame; waits for one that is not ``given``.

        Raises:
            PairError: if the camera is gone, or gives none in time.
        """
        with self._change:
            self._change.wait_for(lambda: self._newest is not given or self._gone, PATIENCE)
            newest = self._newest
            if newest is None or newest is given:
                raise PairError(f'{self.name} is gone: {self._gone or "it gives no frames"}')
            if time.monotonic() - newest.time > PATIENCE:
                raise PairError(f'{self.name} is gone: no frame for {PATIENCE:.0f} s')
            return newest

    def _read(self, container: Any) -> None:
        gone = 'its stream has ended'
        try:
            for frame in container.decode(video=0):
                new = Frame(time.monotonic(), upright(self.name, frame))
                with self._change:
                    self._newest = new
                    self._change.notify_all()
        except PairError as error:
            gone = str(error)
        except (av.FFmpegError, OSError) as error:
            gone = str(error.strerror)
        with self._change:
            self._gone = gone
            self._change.notify_all()


def pair_cameras(visible: Camera, infrared: Camera) -> Iterator[tuple[Frame, Frame]]:
    """Each new visible frame with the newest infrared one; endless.

    Raises:
        PairError: where one of the two is gone.
    """
    frame = None
    while True:
        frame = visible.newest(frame)
        yield frame, infrared.newest()
