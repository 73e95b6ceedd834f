"""Reads the frames of video files, of folders of images and of cameras, with their times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from moefusion.extras import need
from moefusion.files import PairError, Range, list_folder, read_infrared, read_visible, to_infrared

av = need('av', 'moefusion video')
RATE = 25.0  # frames a second, of what does not say
NUMBER = re.compile(r'(\d+)')


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        time (float): in seconds; of a recording since its first frame.
        image (np.ndarray): H x W x 3, uint8, R, G, B.
    """

    time: float
    image: np.ndarray


@dataclass(frozen=True)
class Recording:
    """A video that is stored; its frames come once.

    Attributes:
        name (str): its file or folder.
        rate (float): its frames a second.
        count (int, optional): how many frames there are, where that is known.
        frames (Iterator[Frame]): all of them.
        stems (tuple[str, ...]): their names without extension, of a folder.
    """

    name: str
    rate: float
    count: int | None
    frames: Iterator[Frame]
    stems: tuple[str, ...] = ()


def open_recording(name: str, rate: float = RATE, levels: Range | None = None) -> Recording:
    """Open a video file, or a folder whose images are frames in the order of their names.

    Numbers in names count by their value: ``2.png`` comes before ``10.png``. Frames are turned
    upright, as players do it.

    Args:
        name (str): the file or folder.
        rate (float): frames a second of a folder.
        levels (tuple[float, float], optional): of a folder of infrared images, what becomes 0 and
            255 of those that are not 8-bit.

    Raises:
        FileNotFoundError: if it is not there.
        PairError: if there is no video in it, or two images of one name.
    """
    if not Path(name).is_dir():
        container = open_container(name, name)
        stream = container.streams.video[0]
        own = float(stream.average_rate or RATE)
        return Recording(name, own, stream.frames or None, _decode(name, container, own))
    files = list_folder(name)
    if not files:
        raise PairError(f'{name}: there are no images in this folder')
    for several in files.values():
        if len(several) > 1:
            raise PairError(f'{several[0]} and {several[1]} would be two frames: remove one')
    stems = tuple(sorted(files, key=_by_number))
    images = (
        Frame(number / rate, _read(files[stem][0], levels)) for number, stem in enumerate(stems)
    )
    return Recording(name, rate, len(files), images, stems)


def _read(path: Path, levels: Range | None) -> np.ndarray:
    """A frame that is an image file, H x W x 3, R, G, B."""
    if levels is not None:
        return np.dstack([read_infrared(path, levels)] * 3)
    return np.ascontiguousarray(read_visible(path)[..., ::-1])


def _by_number(stem: str) -> list[tuple[int, str]]:
    """Sorts names by the value of the numbers in them."""
    return [(int(part), '') if part.isdecimal() else (0, part) for part in NUMBER.split(stem)]


def refuse_gaps(visible: Recording, infrared: Recording) -> None:
    """Raise PairError where a frame that lacks in one folder would shift all those behind it.

    Folders of different rates have no frames to lack, and folders without a common name are
    compared by their numbers of frames alone.
    """
    names = set(visible.stems), set(infrared.stems)
    if not all(names) or visible.rate != infrared.rate:
        return
    places = visible.name, infrared.name
    rates = 'If the infrared frames come at another rate, give --infrared-rate.'
    for side, other in ((0, 1), (1, 0)):
        if names[0] & names[1] and (lacking := sorted(names[side] - names[other], key=_by_number)):
            raise PairError(
                f'{places[other]} lacks {len(lacking)} frames that {places[side]} has, such as '
                f'{lacking[0]}: those behind would be paired with their neighbours. Remove what '
                f'has no partner. {rates}'
            )
    if len(names[0]) != len(names[1]):
        raise PairError(
            f'{places[0]} has {len(names[0])} frames and {places[1]} {len(names[1])}: from where '
            f'one lacks, all would be paired with their neighbours. {rates}'
        )


def open_container(name: str, place: str, **options: Any) -> Any:
    """PyAV's container of a file, device or URL.

    Raises:
        FileNotFoundError: if it is not there.
        PairError: if it cannot be opened, or has no pictures.
    """
    try:
        container = av.open(place, **options)
    except FileNotFoundError:
        raise FileNotFoundError(f'{name}: there is no such file, folder or camera') from None
    except (av.FFmpegError, OSError) as error:
        cure = 'Is it a video, or a camera that is connected and used by nothing else?'
        raise PairError(f'{name}: cannot be opened ({error.strerror}). {cure}') from error
    if not container.streams.video:
        raise PairError(f'{name}: there are no moving pictures in it')
    # threads over frames lose the mark of a damaged one in about 1 of 1,000 decodings
    container.streams.video[0].thread_type = 'SLICE'
    return container


def pair_frames(visible: Recording, infrared: Recording) -> Iterator[tuple[Frame, Frame]]:
    """Each visible frame with the infrared frame that is nearest in time.

    Raises:
        PairError: on the way, where one of the two can no longer be read, or ends more than a frame
            before the other.
    """
    slack = 1.5 / min(visible.rate, infrared.rate)
    current = next(infrared.frames, None)
    if current is None:
        raise PairError(f'{infrared.name}: there are no frames in it')
    following, frame = next(infrared.frames, None), None
    for frame in visible.frames:
        while following and abs(following.time - frame.time) <= abs(current.time - frame.time):
            current, following = following, next(infrared.frames, None)
        if frame.time > current.time + slack and not following:
            raise PairError(f'{infrared.name} ends early, {current.time:.2f} s after its start')
        yield frame, current
    if frame is None:
        raise PairError(f'{visible.name}: there are no frames in it')
    while following:
        if following.time > frame.time + slack:
            raise PairError(f'{visible.name} ends early, {frame.time:.2f} s after its start')
        following = next(infrared.frames, None)


def to_pair(
    frames: tuple[Frame, Frame], names: tuple[str, str], resize: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The images of a visible and an infrared frame, H x W x 3 and H x W.

    Raises:
        PairError: if the infrared one is in colour, or they differ in size and are not to be
            resized.
    """
    color, heat = frames[0].image, to_infrared(frames[1].image[..., ::-1], names[1])
    if color.shape[:2] == heat.shape:
        return color, heat
    size, other = color.shape[1::-1], heat.shape[::-1]
    if not resize:
        raise PairError(
            f'{names[0]} is {size[0]} x {size[1]} but {names[1]} is {other[0]} x {other[1]} (width '
            "x height): if both show the same view, --resize gives them the visible one's size"
        )
    shrinks = size[0] < other[0]
    return color, cv2.resize(
        heat, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )


def _decode(name: str, container: Any, rate: float) -> Iterator[Frame]:
    """All frames of a file; those without a time follow each other at ``rate``."""
    start, time = None, -1 / rate
    try:
        for frame in container.decode(video=0):
            stamp = time + 1 / rate + (start or 0) if frame.time is None else frame.time
            if frame.is_corrupt:
                raise PairError(
                    f'{name}: damaged {stamp:.2f} s after its start. Write it again (ffmpeg -i OLD '
                    'NEW), which guesses what is lost, or cut it there.'
                )
            start = stamp if start is None else start
            time = stamp - start
            yield Frame(time, upright(name, frame))
    except (av.FFmpegError, OSError) as error:
        raise PairError(
            f'{name}: cannot be read beyond {max(time, 0):.2f} s ({error.strerror})'
        ) from error


def upright(name: str, frame: Any) -> np.ndarray:
    """PyAV's frame as H x W x 3 (R, G, B), turned as its file says, such as that of a phone.

    Raises:
        PairError: if that is no quarter turn, or the picture is mirrored, too; or if it is gray of
            more than 8 bits, as of thermal cameras: FFmpeg would keep the highest 8.
    """
    bits = frame.format.components[0].bits
    if bits > 8 and frame.format.name.startswith(('gray', 'ya')):
        raise PairError(
            f'{name}: gray of {bits} bits. Write it in 8 bits, by one fixed range for the whole '
            'video.'
        )
    if (found := frame.side_data.get('DISPLAYMATRIX')) is not None:
        a, b, _, c, d, *_ = np.frombuffer(found, np.int32).tolist()  # ISO/IEC 14496-12, 8.3.2
        if a * d < b * c:
            raise PairError(f'{name}: mirrored by its display matrix. Write it again without.')
    if frame.rotation % 90:
        raise PairError(f'{name}: turned by {frame.rotation} degrees. Write it again without.')
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format='rgb24'), frame.rotation // 90))
