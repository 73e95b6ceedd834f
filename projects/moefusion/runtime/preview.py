"""Shows fused frames in a window."""

from __future__ import annotations

import numpy as np
from PIL import Image

CURE = 'leave --preview out, or look at the files of --dump-frames DIR'


class Preview:
    """A window of Tk, which comes with Python.

    Raises:
        RuntimeError: if there is no display, or no Tk.
    """

    def __init__(self) -> None:
        try:
            import tkinter

            from PIL import ImageTk
        except ImportError as error:
            raise RuntimeError(f"--preview needs Python's tkinter ({error}): {CURE}") from error
        try:
            self._window = tkinter.Tk()
        except tkinter.TclError as error:
            raise RuntimeError(f'there is no display for --preview ({error}): {CURE}') from error
        self._window.title('moefusion video')
        self._label = tkinter.Label(self._window)
        self._label.pack()
        self._to_photo = ImageTk.PhotoImage
        self._closed = False
        self._window.protocol('WM_DELETE_WINDOW', self._close)

    def show(self, image: np.ndarray) -> None:
        """Show a frame, uint8, H x W x 3 (R, G, B) or H x W.

        Raises:
            KeyboardInterrupt: once the user has closed the window.
        """
        self._photo = self._to_photo(Image.fromarray(image))  # kept, as Tk does not keep it
        self._label.configure(image=self._photo)
        self._window.update()
        if self._closed:
            raise KeyboardInterrupt

    def _close(self) -> None:
        self._closed = True
