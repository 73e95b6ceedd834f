"""The page of ``moefusion demo``: anyone with a browser drops two images and sees them fused."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from moefusion.files import PairError, read_size
from moefusion.files.pairs import refuse_itself
from moefusion.runtime.page_view import CSS, SIDES, show_gates, show_metrics, write_images
from moefusion.runtime.pairs import PairFuser
from moefusion.runtime.result import FusionResult
from moefusion.synthetic import CONDITIONS, make_demo_data

INTRO = """# MoE-Fusion
Drop an aligned pair, a visible and an infrared image of the same size, or pick a rendered one."""
TABS = {
    'Colour': 'Visible | fused',
    'Gray': 'Infrared | fused',
    'Attention': 'Visible | where the detectors look',
}
KEPT_S = 3600  # what a user uploaded or made is deleted after as long
WAITING = 32  # users in line; the next one is asked to come back later


class Page:
    """What the page does with two uploads; one for all users.

    Args:
        fuser (PairFuser): what fuses; it must be safe to call from several threads.
        uploads (Path): folder that uploaded files lie in; a request cannot name others.
        largest (float): pixels of an image, in millions.
    """

    def __init__(self, fuser: PairFuser, uploads: Path, largest: float) -> None:
        self.fuser, self.uploads, self.largest = fuser, uploads.resolve(), largest

    def fuse(self, visible: Any, infrared: Any) -> Iterator[tuple[Any, ...]]:
        """Yield what the page shows of a pair: the images and gates at once, then the metrics.

        Args:
            visible: Gradio's description of an uploaded file, as the browser sent it.
            infrared: the same.
        """
        files = [Path((each or {}).get('path') or '') for each in (visible, infrared)]
        if Path() in files:
            raise _error('a pair needs both images: a visible and an infrared one')
        if not all(path.resolve().is_relative_to(self.uploads) for path in files):
            raise _error('this is no uploaded file')
        try:
            result = self._fuse(*files)
        except ValueError as error:
            raise _error(_in_words_of_the_page(str(error), files)) from error
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies what it shows at each yield
            seen, heat, color, gray, attention = write_images(result, Path(folder))
            sliders = (seen, color), (heat, gray), (seen, attention)
            shown = *sliders, color, gray, show_gates(result.gates)
            yield *shown, 'The metrics are on their way.'
            yield *shown, show_metrics(result)  # with gr.skip() the downloads would be gone

    def _fuse(self, visible: Path, infrared: Path) -> FusionResult:
        refuse_itself(visible, infrared)
        for path in (visible, infrared):
            width, height = read_size(path)
            if width * height > self.largest * 1e6:
                raise PairError(
                    f'{path} has {width} x {height} pixels, but this page takes up to '
                    f'{self.largest:g} million. Crop or shrink both, or fuse them by moefusion fuse'
                )
        (result,) = self.fuser.stream(str(visible), str(infrared))
        return result


def build_page(page: Page, examples: list[list[str]], at_once: int) -> gr.Blocks:
    """Lay the page out, and say what its buttons do.

    Args:
        page (Page): what fuses.
        examples (list[list[str]]): pairs to pick, a visible and an infrared file each.
        at_once (int): how many pairs are fused at once; others wait in line.
    """
    upload = dict(type='filepath', sources=['upload', 'clipboard'], height=260, buttons=[])
    blocks = gr.Blocks(title='MoE-Fusion', analytics_enabled=False, delete_cache=(60, KEPT_S))
    with blocks:
        gr.Markdown(INTRO)
        with gr.Row():
            with gr.Column():
                with gr.Row():
                    sources = [
                        gr.Image(label=side.capitalize(), elem_id=side, **upload) for side in SIDES
                    ]
                button = gr.Button('Fuse', variant='primary')
                picked = gr.Examples(examples, sources, label='Rendered pairs')
            with gr.Column():
                images = []
                for tab, label in TABS.items():
                    with gr.Tab(tab):
                        images.append(
                            gr.ImageSlider(label=label, interactive=False, buttons=['fullscreen'])
                        )
                with gr.Row():
                    files = [gr.DownloadButton(f'Download {kind}') for kind in ('colour', 'gray')]
                gates, metrics = gr.HTML(label='Gates'), gr.HTML(label='Metrics')
        fuse = dict(
            fn=page.fuse,
            inputs=sources,
            outputs=[*images, *files, gates, metrics],
            preprocess=False,  # the file as it was uploaded, which Gradio would convert
            concurrency_limit=at_once,
            concurrency_id='fuse',
            api_visibility='private',
        )
        button.click(**fuse)
        picked.load_input_event.success(**fuse)
    # not open: no call gets past the line of those who wait
    return blocks.queue(api_open=False, max_size=WAITING)


def serve(
    fuser: PairFuser, host: str, port: int | None, at_once: int, megabytes: int, megapixels: float
) -> None:
    """Serve the page until Ctrl-C. What users upload lies in a folder that ends with it.

    Args:
        fuser (PairFuser): what fuses.
        host (str): address to listen at; ``'127.0.0.1'`` answers this machine alone.
        port (int, optional): of that address. Defaults to the first free one from 7860.
        at_once (int): how many pairs are fused at once.
        megabytes (int): largest file.
        megapixels (float): largest image.

    Raises:
        OSError: if the port is taken, or the host is no address of this machine.
    """
    with tempfile.TemporaryDirectory(prefix='moefusion-') as folder:
        os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_EXAMPLES_CACHE=folder)
        examples = render_examples(Path(folder, 'rendered'))
        blocks = build_page(Page(fuser, Path(folder), megapixels), examples, at_once)
        try:
            _, url, _ = blocks.launch(
                prevent_thread_lock=True,
                quiet=True,
                server_name=host,
                server_port=port,
                max_file_size=f'{megabytes}mb',
                css=CSS,
                footer_links=[],
                share=False,
                ssr_mode=False,
                mcp_server=False,
                run_history=False,
                enable_monitoring=False,
                _frontend=False,  # or it gives up where it is slower than 3 s to answer itself
            )
        except OSError as error:
            raise OSError(
                f'cannot listen at {host}, port {port or "7860 to 7959"}: it is taken, or no '
                'address of this machine. Choose another --port or --host'
            ) from error
        print(f'{url} fuses {at_once} pairs at once; Ctrl-C ends it', flush=True)
        blocks.block_thread()


def render_examples(folder: Path) -> list[list[str]]:
    """Render one pair for each kind of light, and return their files."""
    make_demo_data(folder, train=len(CONDITIONS) - 1, test=1, size=(480, 360), seed=4)
    names = sorted(path.name for path in (folder / 'Vis').iterdir())
    return [[str(folder / side / name) for side in ('Vis', 'Ir')] for name in names]


def _error(message: str) -> gr.Error:
    return gr.Error(html.escape(message), None, title='Not fused', print_exception=False)


def _in_words_of_the_page(message: str, files: list[Path]) -> str:
    """A message about two files on the server, about the user's two images."""
    for side, path in zip(SIDES, files):
        message = message.replace(str(path), f'the {side} image {path.name}')
    return message
