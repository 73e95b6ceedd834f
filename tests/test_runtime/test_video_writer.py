"""Videos that appear when they are complete."""

import numpy as np
import pytest

from moefusion.files import PairError

av = pytest.importorskip('av')
from moefusion.runtime.video_writer import VideoWriter  # noqa: E402

IMAGE = np.full((24, 32, 3), (200, 100, 50), np.uint8)


def read(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format='rgb24')) for frame in container.decode()]


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.mov'])
@pytest.mark.parametrize('height', [24, 23])
def test_frames_keep_their_times_and_size(tmp_path, suffix, height):
    path, times = tmp_path / 'new' / f'x{suffix}', [7.0, 7.1, 7.5, 7.5]
    with VideoWriter(path, 10) as writer:
        for time in times:
            writer.add(IMAGE[:height], time)
        assert not path.exists()
    frames = read(path)
    assert [time for time, _ in frames] == pytest.approx([0, 0.1, 0.5, 0.5], abs=2e-3)
    assert frames[0][1].shape == (height, 32, 3)
    assert np.abs(frames[-1][1].astype(int) - IMAGE[:height]).max() <= 6
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize('error, kept', [(KeyboardInterrupt, 2), (PairError, 2), (OSError, 0)])
def test_what_is_left_when_it_is_stopped(tmp_path, error, kept):
    path = tmp_path / 'x.mp4'
    with pytest.raises(error), VideoWriter(path, 10) as writer:
        for time in range(2):
            writer.add(IMAGE[..., 0], time)
        raise error
    assert (len(read(path)) if kept else 0) == kept
    assert len(list(tmp_path.iterdir())) == (1 if kept else 0)


def test_without_frames_there_is_no_file(tmp_path):
    with VideoWriter(tmp_path / 'x.mp4', 10):
        pass
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(PairError, match=r'x\.gif: the name of a video ends in'):
        VideoWriter(tmp_path / 'x.gif', 10)
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match=r'cannot write .*x\.mp4: '):
        with VideoWriter(tmp_path / 'file' / 'x.mp4', 10) as writer:
            writer.add(IMAGE, 0)
    with pytest.raises(PairError, match='size of the frames changes'):
        with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
            writer.add(IMAGE, 0)
            writer.add(IMAGE[:20], 1)
