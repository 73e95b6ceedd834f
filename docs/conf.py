"""The documentation site: Markdown pages by MyST, the reference from docstrings (`make docs`)."""

from sphinx.application import Sphinx

import moefusion
from moefusion import apis, weights

# names that load when they are asked for are asked for
for room in (apis, weights):
    vars(room).update({name: getattr(room, name) for name in room.__all__})

project, author = 'MoE-Fusion', 'MoE-Fusion contributors'
version = release = moefusion.__version__
extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'sphinx.ext.viewcode']
exclude_patterns = ['_build']
html_theme = 'furo'
html_title = 'MoE-Fusion'
myst_heading_anchors = 3  # links to headings, as they work on GitHub
autodoc_typehints = 'none'  # docstrings name the types
autodoc_member_order = 'bysource'
napoleon_use_ivar = True

CARD = 'projects/moefusion/weights/README.md'


def setup(app: Sphinx) -> None:
    """On the site the model card, which lies beside the weights, is a page like the others."""
    app.connect('source-read', lambda app, name, text: _relink(text, ''))
    app.connect('include-read', lambda app, path, name, text: _relink(text, 'docs/'))


def _relink(text: list[str], folder: str) -> None:
    for old, new in ((f'(../{CARD}', '(model-card.md'), (f'({CARD}', f'({folder}model-card.md')):
        text[0] = text[0].replace(old, new)
    text[0] = text[0].replace('](../../../docs/', '](')
