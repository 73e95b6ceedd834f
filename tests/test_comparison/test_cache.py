"""What is finished stays, whatever stops a run."""

import json
import os
import resource

import pytest

from moefusion.comparison.cache import ResultCache, fingerprint
from moefusion.ranks import Ranks


def test_a_second_run_takes_up_what_is_there(tmp_path):
    values = {'a': {'VIF': 0.1 + 0.2, 'SCD': float('nan')}, 'b': [1, 2]}
    first = ResultCache(tmp_path)
    for key, value in values.items():
        first.add(key, value)
    first.add('c', 'unreadable', lasting=False)
    assert first.values['c'] == 'unreadable'
    assert repr(ResultCache(tmp_path).values) == repr(values)


@pytest.mark.parametrize('cut', [1, 20])
def test_a_line_that_was_cut_off_is_no_line_and_spoils_no_other(tmp_path, cut):
    for key in 'ab':
        ResultCache(tmp_path).add(key, 'a long enough value')
    path = tmp_path / 'scored.jsonl'
    path.write_bytes(path.read_bytes()[:-cut])
    second = ResultCache(tmp_path)
    assert list(second.values) == (['a'] if cut > 1 else ['a', 'b'])
    second.add('c', 3)
    assert list(ResultCache(tmp_path).values) == [*second.values]


def test_only_what_lacks_is_run_and_the_order_is_that_of_the_tasks(tmp_path):
    cache, ran = ResultCache(tmp_path), []
    cache.add('b', 2)

    def run(tasks):
        ran.extend(tasks)
        for key, number in reversed(tasks.items()):
            cache.add(key, number)

    assert cache.complete(dict(a=1, b=2, c=3), run) == [1, 2, 3] and ran == ['a', 'c']
    assert cache.complete(dict(a=1, b=2, c=3), run) == [1, 2, 3] and ran == ['a', 'c']


def test_the_first_process_runs_what_another_could_not(tmp_path):
    other = ResultCache(tmp_path, ranks=Ranks(1, 2))
    other.add('b', 'of the other')
    first = ResultCache(tmp_path, ranks=Ranks(0, 2))

    def run(tasks):
        for key in tasks:
            first.add(key, 'of the first')

    found = first.complete(dict.fromkeys('abcd'), run)
    assert found == ['of the first', 'of the other', 'of the first', 'of the first']
    assert len((tmp_path / 'scored.1.jsonl').read_text().splitlines()) == 1


def test_fingerprint_changes_with_files_and_settings(tmp_path):
    one, two = tmp_path / 'one', tmp_path / 'two'
    for path in (one, two):
        path.write_text('same')
        os.utime(path, (1, 1))
    first = fingerprint([one], 'literature')
    assert fingerprint([one], 'literature') == first
    assert fingerprint([one], 'standard') != first and fingerprint([two], 'literature') != first
    os.utime(one, (1, 2))
    assert fingerprint([one], 'literature') != first
    one.write_text('longer')
    os.utime(one, (1, 1))
    assert fingerprint([one], 'literature') != first
    one.unlink()
    assert fingerprint([one], 'literature') != first


def test_a_full_disk_names_the_file_and_keeps_the_earlier_values(tmp_path):
    cache = ResultCache(tmp_path)
    cache.add('a', 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(OSError, match=r'cannot write .*scored.jsonl.*goes on from here'):
            cache.add('b', 'x' * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    again = ResultCache(tmp_path)
    assert again.values == {'a': 1}
    again.add('c', 3)
    assert ResultCache(tmp_path).values == {'a': 1, 'c': 3}
    assert json.loads(cache.path.read_text().splitlines()[-1]) == dict(key='c', value=3)
