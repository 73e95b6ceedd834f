"""usable_cpus: the quota of cgroups of both versions, on files as a container shows them."""

import os

import pytest

from moefusion.cpus import usable_cpus

V1 = '4:memory:/a/b\n3:cpu,cpuacct:/a/b\n0::/\n'


@pytest.mark.parametrize(
    'groups, files, expected',
    [
        ('0::/\n', {'cpu.max': '200000 100000\n'}, 2),
        ('0::/\n', {'cpu.max': '150000 100000\n'}, 2),
        ('0::/\n', {'cpu.max': '20000 100000\n'}, 1),
        ('0::/\n', {'cpu.max': 'max 100000\n'}, 8),
        ('0::/\n', {'cpu.max': '1600000 100000\n'}, 8),
        # the narrower of a group and one above it
        ('0::/a/b\n', {'a/b/cpu.max': '500000 100000\n', 'a/cpu.max': '300000 100000\n'}, 3),
        ('0::/a/b\n', {'a/b/cpu.max': 'max 100000\n', 'a/cpu.max': '300000 100000\n'}, 3),
        # in a container, whose own group is the root, under its name on the host
        (
            V1,
            {'cpu,cpuacct/cpu.cfs_quota_us': '50000', 'cpu,cpuacct/cpu.cfs_period_us': '25000'},
            2,
        ),
        (
            V1,
            {'cpu,cpuacct/cpu.cfs_quota_us': '-1\n', 'cpu,cpuacct/cpu.cfs_period_us': '100000'},
            8,
        ),
        # as in CentOS 7: a folder cpu,cpuacct, and a link to it
        ('3:cpuacct,cpu:/a\n', {'cpu/cpu.cfs_quota_us': '200', 'cpu/cpu.cfs_period_us': '100'}, 2),
        ('0::/\n', {'cpu.max': 'max\n'}, 8),
        ('0::/\n', {'cpu.max': ''}, 8),
        ('none\n', {}, 8),
        (None, {}, 8),
    ],
)
def test_quota(tmp_path, monkeypatch, groups, files, expected):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        path = tmp_path / 'sys/fs/cgroup' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if groups is not None:
        (tmp_path / 'proc/self').mkdir(parents=True)
        (tmp_path / 'proc/self/cgroup').write_text(groups)
    assert usable_cpus(tmp_path) == expected
