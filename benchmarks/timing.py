"""Times several cases in turns, so that a machine that slows down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import torch
from torch.utils.benchmark import Timer, timer


def time_in_turns(
    cases: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = timer
) -> pd.DataFrame:
    """Run A, B, C, A, B, C, ..., each warmed up by two calls; GPUs are waited for.

    Args:
        cases (Mapping[str, Callable]): what to time, by name.
        rounds (int): how often each is timed.
        clock (Callable): such as ``time.process_time``. Defaults to the wall's.

    Returns:
        pd.DataFrame: seconds, a column a case and a row a round. So ``(times['A'] /
        times['B']).median()`` compares calls of one round.
    """
    threads = torch.get_num_threads()
    timers = {
        name: Timer('run()', timer=clock, globals=dict(run=run), num_threads=threads)
        for name, run in cases.items()
    }
    return pd.DataFrame(
        {name: timer.timeit(1).mean for name, timer in timers.items()} for _ in range(rounds)
    )
