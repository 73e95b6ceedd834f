"""The flags that tell the two files of a pair apart."""

import argparse

from moefusion.apis.naming import add_naming, chosen_naming
from moefusion.files import LAYOUTS, Naming


def chosen(*flags):
    parser = argparse.ArgumentParser()
    add_naming(parser)
    return chosen_naming(parser.parse_args(flags))


def test_single_flags_go_before_the_layout():
    assert chosen() == Naming()
    assert chosen('--layout', 'kaist') == LAYOUTS['kaist']
    assert chosen('--layout', 'flir', '--recursive') == Naming('_RGB', '_PreviewData', True)
    assert chosen('--layout', 'flir', '--infrared-suffix', '') == Naming('_RGB', '')
