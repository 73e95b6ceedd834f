"""docs/paper-tables.md: the paper's tables and figures are there, and its commands parse."""

import re
import shlex
from functools import partial

import pytest

from moefusion.commands import evaluate, fuse

SHEET = 'tools/make_sheet.py --visible V --infrared I --fused A=DIR --out a.png'
# what stands for something else in the page, and what the shell would make of the rest
FILLED = {
    'tools/make_sheet.py ...': SHEET,
    'NAME=VIS,IR ...': 'NAME=VIS,IR',
    '"${sets[@]}"': 'NAME=VIS,IR',
}


@pytest.fixture(scope='module')
def page(repo_root):
    return (repo_root / 'docs/paper-tables.md').read_text(encoding='utf-8')


def commands(page):
    """Calls of tools with arguments, in code spans and blocks."""
    joined = page.replace('\\\n', ' ')
    spans = re.findall(r'`(tools/[^`]+ [^`]+)`', joined)
    for text in spans + re.findall(r'^python (tools/.+)$', joined, re.MULTILINE):
        for stands, means in FILLED.items():
            text = text.replace(stands, means)
        yield shlex.split(text)


def parser_of(load_tool, name):
    """What reads a tool's arguments; those of training come from the command line alone."""
    shared = {'fuse': partial(fuse.parse_args, backend='torch'), 'evaluate': evaluate.parse_args}
    if name in shared:
        return shared[name]
    return load_tool(name).parse_args


def test_every_command_parses(page, repo_root, load_tool, monkeypatch):
    found = list(commands(page))
    for path, *words in found:
        name = path.removeprefix('tools/').removesuffix('.py')
        monkeypatch.setattr('sys.argv', [path, *words])
        parse = parser_of(load_tool, name)
        if name in ('train', 'test'):
            parse()
        else:
            parse(words)
        for word in words:
            if word.startswith('configs/'):
                assert (repo_root / word).is_file(), f'{path}: there is no {word}'
    wanted = 'train fuse evaluate ablate make_sheet show_experts show_load analyse_routing'
    assert {path for path, *_ in found} >= {f'tools/{name}.py' for name in wanted.split()}


@pytest.mark.parametrize('kind, last', [('Table', 7), ('Fig', 13)])
def test_every_table_and_figure_has_a_row(page, kind, last):
    rows = [line.split('|')[1] for line in page.splitlines() if line.startswith(f'| {kind}')]
    numbers = {int(number) for row in rows for number in re.findall(r'\d+', row.split(':')[0])}
    assert numbers == set(range(1, last + 1))
