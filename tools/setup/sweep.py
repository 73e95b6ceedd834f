"""Finds distributions that an interrupted installation left with files missing.

Run by the environment's interpreter, with the standard library alone, it prints their names and
takes away the records of those that pip could not even uninstall, so that pip puts them in anew.
"""

import os
import shutil
import sysconfig
from importlib.metadata import distributions


def gaps(dist):
    """Files of a distribution that are missing or of the wrong size; ``['RECORD']`` without one."""
    if not dist.files:
        return ['RECORD']
    return [str(file) for file in dist.files if file.suffix != '.pyc' and not whole(file)]


def whole(file):
    try:
        size = os.stat(file.locate()).st_size
    except OSError:
        return False
    return file.size is None or size == file.size


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
