"""Tables of methods and scores, with first, second and third marked, in four formats."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

# of first, second and third; the paper prints bold red, blue and cyan
MARKDOWN_MARKS = ('**{}**', '<u>{}</u>', '*{}*')
LATEX_MARKS = (
    r'\textbf{{\textcolor{{red}}{{{}}}}}',
    r'\textbf{{\textcolor{{blue}}{{{}}}}}',
    r'\textbf{{\textcolor{{cyan}}{{{}}}}}',
)
# LaTeX's of what a backslash alone does not escape
ESCAPES = {'\\': r'\textbackslash{}', '~': r'\textasciitilde{}', '^': r'\textasciicircum{}'}
MEASURED = 'measured'


def score_rows(scores: Mapping[str, Mapping[str, float]], origin: str = MEASURED) -> pd.DataFrame:
    """Rows of a :class:`Table`: scores by method, then by column, all of one origin."""
    index = pd.MultiIndex.from_product([list(scores), [origin]], names=['method', 'values'])
    return pd.DataFrame(list(scores.values()), index)


@dataclass
class Table:
    """Scores where higher is better.

    Attributes:
        title (str): heading.
        scores (pd.DataFrame): :func:`score_rows` of one or more origins, a column for each metric
            or class; ``nan`` where there is no value or it is undefined.
        unranked (Collection[str]): methods outside the competition, such as source images.
        digits (int): decimals; ranks are of the printed values, so equal ones share a mark.
        notes (list[str]): lines below the table.
    """

    title: str
    scores: pd.DataFrame
    unranked: Collection[str] = ()
    digits: int = 4
    notes: list[str] = field(default_factory=list)

    def ranks(self) -> pd.DataFrame:
        """1, 2, 3 for the best, second and third of a column, else NA.

        Methods compete within one origin, as published values were measured on other images.
        One method alone is no competition.
        """
        compete = ~self.scores.index.get_level_values('method').isin(list(self.unranked))
        printed = self._printed('nan').astype(float)[compete].groupby(level='values')
        places = printed.rank(method='dense', ascending=False)
        places = places.where(places <= 3).where(printed.transform('size') > 1)
        return places.reindex(self.scores.index).astype('Int64')

    def to_markdown(self) -> str:
        """The table in Markdown: **first**, <u>second</u>, *third*."""
        table = self._marked(MARKDOWN_MARKS, '-').reset_index()
        notes = ['**first**, <u>second</u>, *third* among rows of one origin; higher is better.']
        notes = [f'- {note}' for note in notes + self.notes]
        rows = markdown_rows(table, len(self.scores.columns))
        return '\n'.join([f'### {self.title}', '', *rows, '', *notes, ''])

    def to_latex(self) -> str:
        """The table in LaTeX with the paper's colours (needs booktabs and xcolor)."""
        table = self._marked(LATEX_MARKS, '--').rename(columns=_latex)
        names, last = [], self.scores.index[0][1]
        for method, origin in self.scores.index:
            name = _latex(method if origin == MEASURED else f'{method} ({origin})')
            names.append(name if origin == last else rf'\midrule {name}')
            last = origin
        table.insert(0, 'Method', names)
        text = table.style.hide(axis='index').to_latex(
            hrules=True,
            position_float='centering',
            caption=_latex(self.title),
            column_format='l' + 'c' * len(self.scores.columns),
        )
        return text + ''.join(f'% {" ".join(note.split())}\n' for note in self.notes)

    def to_csv(self) -> str:
        """The table in CSV, all digits, with a column of ranks after each of values."""
        columns = [column for name in self.scores for column in (name, f'{name}_rank')]
        both = self.scores.join(self.ranks().add_suffix('_rank'))
        return both[columns].to_csv(lineterminator='\n')

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data for JSON; None where there is no value."""
        rows = [
            dict(method=method, values=origin, scores=scores, ranks=ranks)
            for (method, origin), scores, ranks in zip(
                self.scores.index, _records(self.scores), _records(self.ranks())
            )
        ]
        return dict(title=self.title, columns=list(self.scores), notes=self.notes, rows=rows)

    def _printed(self, none: str) -> pd.DataFrame:
        return self.scores.map(lambda x: none if pd.isna(x) else f'{x:.{self.digits}f}')

    def _marked(self, marks: Sequence[str], none: str) -> pd.DataFrame:
        return mark_best(self._printed(none), self.ranks(), marks)


def mark_best(cells: pd.DataFrame, ranks: pd.DataFrame, marks: Sequence[str]) -> pd.DataFrame:
    """Printed cells with those of ranks 1, 2 and 3 in their marks."""
    for place, mark in enumerate(marks, 1):
        cells = cells.mask((ranks == place).fillna(False).astype(bool), cells.map(mark.format))
    return cells


def markdown_rows(cells: pd.DataFrame, numbers: int) -> list[str]:
    """The lines of a table in Markdown, the last columns, ``numbers`` of them, to the right."""
    rule = ['---'] * (len(cells.columns) - numbers) + ['---:'] * numbers
    return [
        '| ' + ' | '.join(str(cell).replace('|', r'\|') for cell in row) + ' |'
        for row in [cells.columns, rule, *cells.to_numpy()]
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype(object).where(frame.notna(), None).to_dict('records')


def _latex(text: str) -> str:
    return re.sub(r'[&%$#_{}\\~^]', lambda found: ESCAPES.get(found[0], f'\\{found[0]}'), text)
