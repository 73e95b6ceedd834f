"""Tells how many threads a container may use: its CPU quota, which Python and PyTorch pass over."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path


def usable_cpus(system: str | Path = '/') -> int:
    """CPUs that this process may use: its affinity, or its cgroups' quota where that is less.

    Both versions of cgroups are read, below ``system``, and the groups above the process's own. A
    part of a CPU counts as one, as in the JVM.
    """
    affinity = getattr(os, 'sched_getaffinity', None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([cpus, *map(math.ceil, _quotas(Path(system)))]))


def limited_cpus() -> int:
    """CPUs of a quota or an affinity; 0 where there is none, and libraries choose by the cores."""
    cpus = usable_cpus()
    return cpus if cpus < (os.cpu_count() or 1) else 0


def _quotas(system: Path) -> Iterator[float]:
    try:
        groups = (system / 'proc/self/cgroup').read_text().splitlines()
    except OSError:  # not Linux
        return
    for group in groups:
        _, controllers, path = [*group.split(':', 2), '', ''][:3]
        if controllers and 'cpu' not in controllers.split(','):
            continue
        # of version 1 also the link cpu, as a group may name its controllers in another order
        for name in {controllers, controllers and 'cpu'}:
            root = system / 'sys/fs/cgroup' / name
            folder = root / path.lstrip('/')
            above = (each for each in folder.parents if each.is_relative_to(root))
            for each in (folder, *above):
                yield from _quota(each, 1 if controllers else 2)


def _quota(group: Path, version: int) -> Iterator[float]:
    """The quota of a group in CPUs, if it has one."""
    names = ('cpu.cfs_quota_us', 'cpu.cfs_period_us') if version == 1 else ('cpu.max',)
    try:
        quota, period = ' '.join((group / name).read_text() for name in names).split()
        if quota not in ('max', '-1'):
            yield int(quota) / int(period)
    except (OSError, ValueError):  # the group of a host, seen from a container; or the topmost
        return
