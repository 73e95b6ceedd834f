"""Ends a process whose torchrun has ended, as one that is killed cannot end its ranks itself."""

from __future__ import annotations

import os
import sys
import threading
import time

PARENT = os.getppid()  # at the start of a tool, before the seconds that loading torch takes
SECONDS = 1.0  # between two looks
TORCHRUN = 'TORCHELASTIC_RUN_ID'  # a variable that torchrun gives its ranks


def end_with_torchrun() -> None:
    """From now on end this process, with status 1, when its torchrun has ended; once is enough.

    Of ranks that something else has started nothing is known: they stay.
    """
    name = end_with_torchrun.__name__
    if TORCHRUN in os.environ and name not in {thread.name for thread in threading.enumerate()}:
        threading.Thread(target=_watch, name=name, daemon=True).start()


def _watch() -> None:
    while os.getppid() == PARENT:
        time.sleep(SECONDS)
    rank = f'{os.environ.get("RANK")} of {os.environ.get("WORLD_SIZE")}'
    print(
        f'error: rank {rank} stops, as torchrun, which started it, has ended. In training, '
        '--resume goes on from the last checkpoint',
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
