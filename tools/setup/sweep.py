"""Finds distributions that an interrupted installation left with files missing.

Run by the environment's interpreter, with the standard library alone, it prints their names and
takes away the records of those that pip could not even uninstall, so that pip puts them in anew.
"""

import csv
import os
import shutil
import sysconfig
from importlib.metadata import distributions


def gaps(dist):
    """Files of a distribution that are missing or of the wrong size; ``['RECORD']`` without one."""
    # Read here: from Python 3.12 on, dist.files leaves out what is missing.
    record = dist.read_text('RECORD')
    if not record:
        return ['RECORD']
    rows = [(name, size) for name, _, size in csv.reader(record.splitlines())]
    return [
        name
        for name, size in rows
        if not name.endswith('.pyc') and not whole(dist.locate_file(name), size)
    ]


def whole(path, size):
    """Whether a file is there and has the bytes that its RECORD says, if it says so."""
    try:
        return not size or os.stat(path).st_size == int(size)
    except OSError:
        return False


def main():
    for dist in distributions(path=[sysconfig.get_paths()['purelib']]):
        missing = gaps(dist)
        name = dist.metadata['Name']
        if name is None or missing == ['RECORD']:
            shutil.rmtree(dist._path, ignore_errors=True)
        elif missing:
            print(name)


if __name__ == '__main__':
    main()
