"""Fuses two videos: `moefusion video VISIBLE INFRARED --out OUT.mp4`."""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moefusion.apis.command import command, show_progress, warn
from moefusion.apis.naming import add_infrared_range, chosen_range
from moefusion.extras import need
from moefusion.files import PairError, Range, list_folder, write_image
from moefusion.files.pairs import is_one_file

if TYPE_CHECKING:
    from moefusion.runtime.steady import Flicker

RUNTIME = 'moefusion.runtime'
FRAME = '{:06d}.png'  # names of dumped frames


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        prog='moefusion video',
        description=__doc__,
        epilog='A source is a video file, a folder of frames, the number of a camera or a URL. '
        'Ctrl-C ends the video; what was fused until then is kept. Exit status: 0 if '
        'all is fused, 1 if a source ended early, 130 after Ctrl-C.',
    )
    parser.add_argument('visible', help='visible video')
    text = 'infrared video; of each visible frame the one that is nearest in time is taken'
    parser.add_argument('infrared', help=text)
    parser.add_argument('--out', metavar='OUT.mp4', help='file to write: .mp4, .mkv or .mov')
    text = 'also each fused frame as a PNG here'
    parser.add_argument('--dump-frames', metavar='DIR', help=text)
    parser.add_argument('--preview', action='store_true', help='show the frames in a window')
    parser.add_argument('--overwrite', action='store_true', help='replace OUT.mp4')
    text = "bring infrared frames to the visible ones' size; both must show the same view"
    parser.add_argument('--resize', action='store_true', help=text)
    text = 'frames a second of folders (default: %(default)s)'
    parser.add_argument('--rate', type=_positive, default=25.0, help=text)
    text = 'the same of an infrared folder (default: --rate)'
    parser.add_argument('--infrared-rate', type=_positive, metavar='RATE', help=text)
    add_infrared_range(parser)
    text = 'time constant by which the gates are steadied; 0: not at all (default: %(default)s)'
    parser.add_argument('--steady', type=float, metavar='SECONDS', default=1.0, help=text)
    text = 'fuse each frame without steadying, too, in twice the time, to tell what that changes'
    parser.add_argument('--compare', action='store_true', help=text)
    parser.add_argument('--gray', action='store_true', help="leave the visible video's colour out")
    parser.add_argument('--model', help='exported network (default: the bundled one)')
    args = parser.parse_args(argv)
    if not (args.out or args.dump_frames or args.preview):
        parser.error('give --out OUT.mp4, --dump-frames DIR or --preview')
    return args


@command
def main(argv: list[str] | None = None) -> int:
    """Fuse, say how far it went, and return the exit status."""
    args = parse_args(argv)
    _check_places(args)
    steady = need(f'{RUNTIME}.steady', 'moefusion video')
    flickers = [steady.Flicker(), steady.Flicker()]
    done: list[float] = []
    start, problem = time.monotonic(), None
    try:
        fuse_video(args, flickers, done)
    except (KeyboardInterrupt, PairError) as error:
        if not done:
            raise
        problem = error
    _report(args, flickers, len(done), time.monotonic() - start)
    if isinstance(problem, KeyboardInterrupt):
        raise problem
    if problem:
        warn(f'not all is fused: {problem}')
    return int(problem is not None)


def fuse_video(args: argparse.Namespace, flickers: list[Flicker], done: list[float]) -> None:
    """Fuse what the arguments name.

    Args:
        args (argparse.Namespace): of :func:`parse_args`.
        flickers (list[Flicker]): of the steadied and of the unsteadied video, to be filled.
        done (list[float]): takes the time of each frame that is fused.
    """
    frames, steady, writer = (
        need(f'{RUNTIME}.{name}', 'moefusion video')
        for name in ('frames', 'steady', 'video_writer')
    )
    show = need(f'{RUNTIME}.preview', '--preview').Preview().show if args.preview else None
    fuser = need(RUNTIME, 'moefusion video').Fuser(args.model)
    fuse, fuse_alone = steady.SteadyFuser(fuser, args.steady), steady.SteadyFuser(fuser, 0)
    pairs, count, rate = _open(args)
    output: Any = writer.VideoWriter(args.out, rate) if args.out else nullcontext()
    names = args.visible, args.infrared
    with output:
        for pair in show_progress(pairs, count, 'frame'):
            images, moment = frames.to_pair(pair, names, args.resize), pair[0].time
            result = fuse(*images, moment)
            flickers[0].add(result)
            if args.compare:
                flickers[1].add(fuse_alone(*images, moment))
            image = result.gray if args.gray else result.color
            if args.out:
                output.add(image, moment)
            if args.dump_frames:
                path = Path(args.dump_frames, FRAME.format(len(done)))
                write_image(path, image if args.gray else image[..., ::-1])
            done.append(moment)
            if show:
                show(image)


def _open(args: argparse.Namespace) -> tuple[Any, int | None, float]:
    """Pairs of frames, how many where that is known, and the frames a second."""
    frames, camera = (need(f'{RUNTIME}.{name}', 'moefusion video') for name in ('frames', 'camera'))
    levels = _choose_levels(args)
    live = [camera.is_camera(source) for source in (args.visible, args.infrared)]
    if all(live):
        visible, infrared = camera.Camera(args.visible), camera.Camera(args.infrared)
        return camera.pair_cameras(visible, infrared), None, visible.rate or args.rate
    if any(live):
        raise ValueError('a camera has no partner in a file: give two cameras, or none')
    visible = frames.open_recording(args.visible, args.rate)
    infrared = frames.open_recording(args.infrared, args.infrared_rate or args.rate, levels)
    frames.refuse_gaps(visible, infrared)
    return frames.pair_frames(visible, infrared), visible.count, visible.rate


def _choose_levels(args: argparse.Namespace) -> Range | None:
    """What ``--infrared-range`` says of a folder's images."""
    if not args.infrared_range:
        return None
    if not Path(args.infrared).is_dir():
        raise ValueError(f'--infrared-range is for a folder of images, but {args.infrared} is none')
    files = [path for several in list_folder(args.infrared).values() for path in several]
    out = Path(args.out).parent if args.out else Path(args.dump_frames or '')
    return chosen_range(args.infrared_range, files, out)


def _report(args: argparse.Namespace, flickers: list[Flicker], count: int, seconds: float) -> None:
    places = [place for place in (args.out, args.dump_frames) if place]
    print(
        f'{count} frames fused, {count / seconds:.2f} frames/s: {" and ".join(places) or "preview"}'
    )
    changes, alone = (flicker.means() for flicker in flickers)
    if not changes:
        return
    sources = ', '.join(f'{name} {changes[name]:.2f}' for name in ('visible', 'infrared', 'fused'))
    print(f'change from frame to frame, in gray levels: {sources}')
    text = f', {alone["flicker"]:.3f} without steadying' if alone else ''
    print(f'flicker (change beyond both sources): {changes["flicker"]:.3f}{text}')


def _check_places(args: argparse.Namespace) -> None:
    """Refuse one source twice, and to write over the sources, or over what is there."""
    if args.visible == args.infrared or is_one_file(Path(args.visible), Path(args.infrared)):
        raise ValueError(f'{args.infrared} would be its own partner: give two sources')
    sources = [Path(source).resolve() for source in (args.visible, args.infrared)]
    for place in (args.out, args.dump_frames):
        if place and Path(place).resolve() in sources:
            raise ValueError(f'{place} is a source: write to another place')
    if args.out and Path(args.out).is_dir():
        raise IsADirectoryError(f'{args.out} is a folder: name a file')
    if args.dump_frames and Path(args.dump_frames, FRAME.format(0)).exists():
        raise FileExistsError(
            f'{args.dump_frames} holds the frames of another video: choose another folder'
        )
    if args.out and Path(args.out).exists() and not args.overwrite:
        raise FileExistsError(f'{args.out} is there already: --overwrite replaces it')


def _positive(text: str) -> float:
    if not 0 < (value := float(text)) < float('inf'):
        raise argparse.ArgumentTypeError(f'must be above 0, but is {text}')
    return value
