"""Times several cases in turns, so that a machine that slows down slows them all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch


class Timings:
    """Seconds of each case in each round.

    Args:
        seconds (dict[str, list[float]]): for each case one value a round.
    """

    def __init__(self, seconds: dict[str, list[float]]) -> None:
        self.seconds = seconds

    def median(self, case: str) -> float:
        """Median time of a case, in seconds."""
        return statistics.median(self.seconds[case])

    def ratio(self, case: str, reference: str) -> float:
        """Median over the rounds of a case's time over another's in the same round."""
        return statistics.median(a / b for a, b in zip(self.seconds[case], self.seconds[reference]))


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what was asked of it."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def time_interleaved(
    cases: dict[str, Callable[[], object]], repeats: int, device: torch.device, warm_up: int = 1
) -> Timings:
    """Run every case ``repeats`` times: A, B, C, A, B, C, ...

    Args:
        cases (dict[str, Callable]): what to time, by name.
        repeats (int): number of rounds.
        device (torch.device): what the cases run on.
        warm_up (int): untimed calls of each case before the first round. Defaults to 1.

    Returns:
        Timings: wall-clock seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for run in cases.values():
        for _ in range(warm_up):
            run()
    for _ in range(repeats):
        for name, run in cases.items():
            synchronize(device)
            start = time.perf_counter()
            run()
            synchronize(device)
            seconds[name].append(time.perf_counter() - start)
    return Timings(seconds)
