"""Times several cases in turns, so that a machine that slows down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import torch
from torch.utils.benchmark import Timer


def time_in_turns(
    cases: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] | None = None
) -> pd.DataFrame:
    """Run A, B, C, A, B, C, ..., each warmed up by two calls; GPUs are waited for.

    Args:
        cases (Mapping[str, Callable]): what to time, by name.
        rounds (int): how often each is timed.
        clock (Callable, optional): such as ``time.process_time``; defaults to the wall's.

    Returns:
        pd.DataFrame: seconds, a column a case and a row a round. So ``(times['A'] /
        times['B']).median()`` compares calls of one round.
    """
    options = dict(timer=clock) if clock else {}
    threads = torch.get_num_threads()
    timers = {
        name: Timer('run()', globals=dict(run=run), num_threads=threads, **options)
        for name, run in cases.items()
    }
    return pd.DataFrame(
        {name: timer.timeit(1).mean for name, timer in timers.items()} for _ in range(rounds)
    )
