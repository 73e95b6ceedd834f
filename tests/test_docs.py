"""The pages of the documentation: their links lead somewhere, inside the repository."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *ROOT.glob('*.md'),
    *(ROOT / 'docs').glob('*.md'),
    ROOT / 'projects/moefusion/weights/README.md',
]


def anchors(page):
    """The anchors that GitHub and MyST give the headings of a page."""
    headings = re.findall(r'^#+ (.*)$', page.read_text(encoding='utf-8'), re.MULTILINE)
    plain = (re.sub(r'[^\w\- ]', '', heading.lower()) for heading in headings)
    return {heading.replace(' ', '-') for heading in plain}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.DOTALL)
    for link in re.findall(r'\]\(([^)\s]+)\)', text):
        if '://' in link:
            continue
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        assert target.exists(), f'{page.name} links to {link}'
        if anchor:
            assert anchor in anchors(target), f'{page.name} links to {link}'


def test_the_readme_is_short():
    """A visitor reads it in minutes; details have pages of their own."""
    assert len((ROOT / 'README.md').read_bytes()) < 7500


def test_every_page_is_on_the_site():
    listed = set(re.findall(r'^[\w-]+$', (ROOT / 'docs/index.md').read_text(), re.MULTILINE))
    assert {page.stem for page in (ROOT / 'docs').glob('*.md')} - {'index'} <= listed
