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
        _, controllers, path = group.split(':', 2)
        if controllers and 'cpu' not in controllers.split(','):
            continue
        root = system / 'sys/fs/cgroup' / controllers
        folder = root / path.lstrip('/')
        for each in [folder, *(above for above in folder.parents if above.is_relative_to(root))]:
            try:
                if controllers:
                    names = 'cpu.cfs_quota_us', 'cpu.cfs_period_us'
                    quota, period = ((each / name).read_text() for name in names)
                else:
                    quota, period = (each / 'cpu.max').read_text().split()
            except OSError:  # the group of a host, seen from a container; or the topmost
                continue
            if quota.strip() not in ('max', '-1'):
                yield int(quota) / int(period)
