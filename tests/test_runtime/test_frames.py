"""Frames of videos, folders and cameras, paired by their times."""

import struct
from dataclasses import replace

import cv2
import numpy as np
import pytest

from moefusion.files import PairError, write_image

pytest.importorskip('av')
from moefusion.runtime.camera import Camera, is_camera, pair_cameras
from moefusion.runtime.frames import (
    Frame,
    Recording,
    open_recording,
    pair_frames,
    refuse_gaps,
    to_pair,
)


def recording(name, times, rate):
    return Recording(name, rate, len(times), (Frame(time, name) for time in times))


def times(count, rate):
    return [number / rate for number in range(count)]


def paired(visible, infrared):
    return [(round(one.time, 3), round(two.time, 3)) for one, two in pair_frames(visible, infrared)]


def test_nearest_in_time_where_rates_differ():
    found = paired(recording('v', times(10, 10), 10), recording('i', times(4, 4), 4))
    nearest = [0, 0, 0.25, 0.25, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75]
    assert found == list(zip(times(10, 10), nearest))
    found = paired(recording('v', times(3, 9), 9), recording('i', times(9, 30), 30))
    assert [two for _, two in found] == [0, 0.1, 0.233]


@pytest.mark.parametrize(
    'counts, message, fused', [((20, 9), 'i ends early, 0.80 s', 10), ((9, 20), 'v ends early', 9)]
)
def test_one_that_ends_early(counts, message, fused):
    pairs = pair_frames(*(recording(n, times(c, 10), 10) for n, c in zip('vi', counts)))
    done = []
    with pytest.raises(PairError, match=message):
        while True:
            done.append(next(pairs))
    assert len(done) == fused


def test_one_frame_more_is_no_early_end():
    pairs = pair_frames(recording('v', times(10, 25), 25), recording('i', times(4, 9), 9))
    assert len(list(pairs)) == 10


@pytest.mark.parametrize('empty', ['v', 'i'])
def test_nothing_in_it(empty):
    videos = [recording(name, [] if name == empty else [0, 1], 1) for name in 'vi']
    with pytest.raises(PairError, match=f'{empty}: there are no frames'):
        list(pair_frames(*videos))


def test_sizes(tmp_path):
    color = Frame(0, np.zeros((20, 30, 3), np.uint8))
    small = Frame(0, np.full((10, 15, 3), 7, np.uint8))
    with pytest.raises(PairError, match='v.mp4 is 30 x 20 but i.mp4 is 15 x 10 .*--resize'):
        to_pair((color, small), ('v.mp4', 'i.mp4'), resize=False)
    image, heat = to_pair((color, small), ('v.mp4', 'i.mp4'), resize=True)
    assert image.shape == (20, 30, 3) and heat.shape == (20, 30) and (heat == 7).all()


def test_infrared_in_colour_is_named():
    color = Frame(0, np.zeros((4, 4, 3), np.uint8) + np.array([0, 90, 200], np.uint8))
    with pytest.raises(PairError, match=r'i\.mp4: an infrared image in colour'):
        to_pair((color, color), ('v.mp4', 'i.mp4'), resize=False)


def test_a_file_and_a_folder_give_the_same_frames(make_video, tmp_path):
    ramp = np.linspace(40, 200, 32, dtype=np.uint8)
    images = [np.dstack([np.tile(ramp, (24, 1)) + number] * 3) for number in range(4)]
    for number, image in enumerate(images):
        write_image(tmp_path / 'f' / f'{number:03d}.png', image)
    video = open_recording(str(make_video('v.mp4', images, 10)))
    folder = open_recording(str(tmp_path / 'f'), rate=10)
    assert video.count == folder.count == 4 and video.rate == folder.rate == 10
    for found, expected, image in zip(video.frames, folder.frames, images):
        assert found.time == pytest.approx(expected.time)
        np.testing.assert_array_equal(expected.image, image)
        assert np.abs(found.image.astype(int) - image).max() <= 4


def set_matrix(path, *matrix):
    """Write a display matrix into the track's header, ISO/IEC 14496-12."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in matrix)
    place = data.index(b'tkhd') + 44
    assert data[place : place + 4] == struct.pack('>i', 1 << 16)
    data[place : place + 36] = struct.pack('>9i', a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


@pytest.mark.parametrize('mirror', [(-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0)])
def test_a_mirrored_video_is_refused(make_video, mirror):
    path = make_video('v.mp4', [np.full((24, 32), 90, np.uint8)] * 2)
    set_matrix(path, *mirror)
    with pytest.raises(PairError, match=r'v\.mp4: mirrored by its display matrix'):
        next(open_recording(str(path)).frames)


@pytest.mark.parametrize('turn', [0, 90, 180, 270])
def test_frames_are_upright_as_opencv_shows_them(make_video, turn):
    ramp = np.linspace(40, 200, 64, dtype=np.uint8)
    image = np.dstack(
        [np.tile(ramp, (48, 1)), np.tile(ramp[:48, None], (1, 64)), np.full((48, 64), 90, np.uint8)]
    )
    path = make_video('v.mp4', [image] * 2)
    turns = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    set_matrix(path, *turns[turn])
    found = [frame.image for frame in open_recording(str(path)).frames]
    capture = cv2.VideoCapture(str(path))
    for image in found:
        expected = capture.read()[1][..., ::-1]
        assert image.shape == expected.shape == ((48, 64, 3) if turn % 180 == 0 else (64, 48, 3))
        assert np.abs(image.astype(int) - expected).mean() < 3


@pytest.mark.parametrize('kind', ['gray10le', 'gray16le'])
def test_gray_of_more_than_eight_bits_is_refused(tmp_path, kind):
    """FFmpeg would keep the highest 8: of a thermal camera's 14 bits hardly anything."""
    av = pytest.importorskip('av')
    path = tmp_path / 'i.mkv'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('ffv1', rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, kind
        frame = av.VideoFrame.from_ndarray(np.full((24, 32), 900, np.uint16), 'gray16le')
        container.mux([*stream.encode(frame), *stream.encode()])
    bits = kind[4:6]
    with pytest.raises(PairError, match=rf'i\.mkv: gray of {bits} bits.*one fixed range'):
        next(open_recording(str(path)).frames)


def test_a_damaged_frame_is_named(make_video):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(10)]
    path = make_video('v.mp4', images, 10)
    assert len(list(open_recording(str(path)).frames)) == 10
    data = bytearray(path.read_bytes())
    place = data.index(b'mdat') + 2000  # in the first frame
    data[place : place + 300] = b'\x5a' * 300
    path.write_bytes(data)
    with pytest.raises(PairError, match=r'v\.mp4: damaged 0\.00 s after its start'):
        list(open_recording(str(path)).frames)


def test_numbers_in_names_count_by_their_value(tmp_path):
    for number in range(12):
        write_image(tmp_path / f'f{number}.png', np.full((4, 4), number, np.uint8))
    frames = open_recording(str(tmp_path)).frames
    assert [int(frame.image[0, 0, 0]) for frame in frames] == list(range(12))
    write_image(tmp_path / 'f3.bmp', np.zeros((4, 4), np.uint8))
    with pytest.raises(PairError, match=r'f3\.bmp and .*f3\.png would be two frames'):
        open_recording(str(tmp_path))


@pytest.mark.parametrize(
    'names, message',
    [
        (('0 1 2 3', '0 2 3'), 'i lacks 1 frames that v has, such as 1: '),
        (('0 1', '0 1 2 10 9'), 'v lacks 3 frames that i has, such as 2: '),
        (('v0 v1 v2', 'i0 i1'), 'v has 3 frames and i 2: .*--infrared-rate'),
    ],
)
def test_a_frame_that_lacks_is_refused(names, message):
    videos = [
        Recording(name, 25.0, 1, iter(()), tuple(stems.split())) for name, stems in zip('vi', names)
    ]
    with pytest.raises(PairError, match=message):
        refuse_gaps(*videos)
    refuse_gaps(videos[0], replace(videos[1], rate=5.0))
    refuse_gaps(videos[0], replace(videos[1], stems=()))  # a file
    refuse_gaps(videos[0], videos[0])


def test_what_is_no_video(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'gone\.mp4: there is no such file'):
        open_recording(str(tmp_path / 'gone.mp4'))
    with pytest.raises(PairError, match='there are no images'):
        open_recording(str(tmp_path))
    (tmp_path / 'x.mp4').write_text('no video')
    with pytest.raises(PairError, match=r'x\.mp4: cannot be opened'):
        open_recording(str(tmp_path / 'x.mp4'))


def test_a_camera_is_a_number_or_a_url():
    assert is_camera('0') and is_camera('rtsp://host/stream')
    assert not is_camera('video0.mp4') and not is_camera('folder/0')
    with pytest.raises(FileNotFoundError, match='camera 987: there is no such'):
        Camera('987')


def test_cameras_give_new_frames_until_they_are_gone(make_video, monkeypatch):
    monkeypatch.setattr('moefusion.runtime.camera.PATIENCE', 300.0)  # of a slow machine, too
    images = [np.full((24, 32), 50 + number, np.uint8) for number in range(30)]
    place = f'file://{make_video("v.mp4", images)}'
    pairs, seen = pair_cameras(Camera(place), Camera(place)), []
    with pytest.raises(PairError, match=r'camera file://.* is gone: its stream has ended'):
        for visible, infrared in pairs:
            seen.append(visible)
            assert visible.image.shape == infrared.image.shape == (24, 32, 3)
    moments = [frame.time for frame in seen]
    assert moments == sorted(set(moments))
    assert abs(int(seen[-1].image.mean()) - 79) <= 2  # the last frame is not missed
