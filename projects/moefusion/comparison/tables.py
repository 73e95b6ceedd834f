"""Tables of methods and scores, with first, second and third marked, in four formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

# of first, second and third; the paper prints bold red, blue and cyan
MARKDOWN_MARKS = ('**{}**', '<u>{}</u>', '*{}*')
LATEX_MARKS = (
    r'\textbf{{\textcolor{{red}}{{{}}}}}',
    r'\textbf{{\textcolor{{blue}}{{{}}}}}',
    r'\textbf{{\textcolor{{cyan}}{{{}}}}}',
)


@dataclass(frozen=True)
class Row:
    """Values of one method.

    Attributes:
        name (str): The method.
        values (dict[str, float]): By column; ``nan`` or absent where there is none.
        origin (str): ``'measured'`` or, e.g., ``'published, Table 1'``. Ranks are within rows of
            one origin, as published values were measured on other images.
        ranked (bool): False for rows outside the competition, such as source images.
    """

    name: str
    values: dict[str, float]
    origin: str = 'measured'
    ranked: bool = True


@dataclass
class Table:
    """Rows of scores where higher is better.

    Attributes:
        title (str): Heading.
        columns (Sequence[str]): Metrics or classes.
        rows (list[Row]): In the order of printing.
        digits (int): Decimals; ranks are of the printed values, so equal ones share a mark.
        notes (list[str]): Lines below the table.
    """

    title: str
    columns: Sequence[str]
    rows: list[Row]
    digits: int = 4
    notes: list[str] = field(default_factory=list)

    def ranks(self) -> pd.DataFrame:
        """Return 1, 2, 3 for the best, second and third of an origin and column, else NA."""
        printed = self._texts().replace('', math.nan).astype(float)
        origins = pd.Series([row.origin for row in self.rows])
        ranked = pd.Series([row.ranked for row in self.rows], dtype=bool)
        contest = ranked & (ranked.groupby(origins).transform('sum') >= 2)
        places = printed[contest].groupby(origins[contest]).rank(method='dense', ascending=False)
        return places.where(places <= 3).reindex(printed.index).astype('Int64')

    def to_markdown(self) -> str:
        """Return the table in Markdown: **first**, <u>second</u>, *third*."""
        cells = self._framed(self._marked(MARKDOWN_MARKS, '-'))
        head, *body = (
            '| ' + ' | '.join(str(cell).replace('|', r'\|') for cell in row) + ' |'
            for row in [cells.columns, *cells.to_numpy()]
        )
        rule = '|---|---|' + '---:|' * len(self.columns)
        notes = [
            '**first**, <u>second</u>, *third* among rows of one origin; higher is better.',
            *self.notes,
        ]
        lines = [f'### {self.title}', '', head, rule, *body, '', *(f'- {note}' for note in notes)]
        return '\n'.join([*lines, ''])

    def to_latex(self) -> str:
        """Return the table in LaTeX with the paper's colours (needs booktabs and xcolor)."""
        lines = [
            r'\begin{table}',
            r'\centering',
            rf'\caption{{{_latex(self.title)}}}',
            r'\begin{tabular}{l' + 'c' * len(self.columns) + '}',
            r'\toprule',
            ' & '.join(['Method', *map(_latex, self.columns)]) + r' \\',
        ]
        origin = None
        for row, cells in zip(self.rows, self._marked(LATEX_MARKS, '--').to_numpy()):
            if row.origin != origin:
                lines.append(r'\midrule')
                origin = row.origin
            name = row.name if row.origin == 'measured' else f'{row.name} ({row.origin})'
            lines.append(' & '.join([_latex(name), *cells]) + r' \\')
        notes = [f'% {note}' for note in self.notes]
        return '\n'.join([*lines, r'\bottomrule', r'\end{tabular}', *notes, r'\end{table}', ''])

    def to_csv(self) -> str:
        """Return the table in CSV, all digits, with a column of ranks after each of values."""
        ranks = self.ranks().astype(object)
        columns = {}
        for name in self.columns:
            columns[name] = pd.Series([row.values.get(name, '') for row in self.rows], dtype=object)
            columns[f'{name}_rank'] = ranks[name].where(ranks[name].notna(), '')
        cells = self._framed(pd.DataFrame(columns))
        return cells.to_csv(index=False, lineterminator='\n', na_rep='nan')

    def to_dict(self) -> dict:
        """Return the table as plain data for JSON; ``nan`` becomes None."""
        places = self.ranks().to_dict('records')
        rows = [
            dict(
                method=row.name,
                values=row.origin,
                scores={name: _or_none(value) for name, value in row.values.items()},
                ranks={name: _or_none(place) for name, place in ranks.items()},
            )
            for row, ranks in zip(self.rows, places)
        ]
        return dict(title=self.title, columns=list(self.columns), notes=self.notes, rows=rows)

    def _texts(self) -> pd.DataFrame:
        """Printed values, '' where there is none."""
        values = [[row.values.get(name, math.nan) for name in self.columns] for row in self.rows]
        frame = pd.DataFrame(values, columns=list(self.columns), dtype=float).astype(object)
        return frame.map(lambda value: '' if pd.isna(value) else f'{value:.{self.digits}f}')

    def _marked(self, marks: Sequence[str], none: str) -> pd.DataFrame:
        texts, ranks = self._texts(), self.ranks()
        cells = texts.mask(texts == '', none)
        for place, mark in enumerate(marks, 1):
            cells = cells.mask((ranks == place).fillna(False).astype(bool), texts.map(mark.format))
        return cells

    def _framed(self, cells: pd.DataFrame) -> pd.DataFrame:
        cells.insert(0, 'method', [row.name for row in self.rows], allow_duplicates=True)
        cells.insert(1, 'values', [row.origin for row in self.rows], allow_duplicates=True)
        return cells


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else value


def _latex(text: str) -> str:
    return ''.join('\\' + character if character in '&%$#_{}' else character for character in text)
