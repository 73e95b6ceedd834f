"""Tables of methods and scores, with first, second and third marked, in four formats."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

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

    def rank(self, row: Row, column: str) -> int | None:
        """Return 1, 2 or 3 for the best, second and third of its origin, None for others."""
        rivals = [other for other in self.rows if other.ranked and other.origin == row.origin]
        if not row.ranked or len(rivals) < 2 or not self._text(row, column):
            return None
        printed = {
            float(self._text(rival, column)) for rival in rivals if self._text(rival, column)
        }
        place = sorted(printed, reverse=True).index(float(self._text(row, column)))
        return place + 1 if place < 3 else None

    def to_markdown(self) -> str:
        """Return the table in Markdown: **first**, <u>second</u>, *third*."""
        lines = [
            f'### {self.title}',
            '',
            self._line(['method', 'values', *self.columns]),
            '|---|---|' + '---:|' * len(self.columns),
        ]
        lines += [
            self._line(
                [
                    row.name,
                    row.origin,
                    *(self._marked(row, column, MARKDOWN_MARKS) or '-' for column in self.columns),
                ]
            )
            for row in self.rows
        ]
        notes = [
            '**first**, <u>second</u>, *third* among rows of one origin; higher is better.',
            *self.notes,
        ]
        return '\n'.join([*lines, '', *(f'- {note}' for note in notes), ''])

    def to_latex(self) -> str:
        """Return the table in LaTeX with the paper's colours (needs booktabs and xcolor)."""
        lines = [
            r'\begin{table}',
            r'\centering',
            rf'\caption{{{_latex(self.title)}}}',
            r'\begin{tabular}{l' + 'c' * len(self.columns) + '}',
            r'\toprule',
            ' & '.join(['Method', *map(_latex, self.columns)]) + r' \\',
            r'\midrule',
        ]
        origin = self.rows[0].origin if self.rows else None
        for row in self.rows:
            if row.origin != origin:
                lines.append(r'\midrule')
                origin = row.origin
            name = row.name if row.origin == 'measured' else f'{row.name} ({row.origin})'
            cells = (self._marked(row, column, LATEX_MARKS) or '--' for column in self.columns)
            lines.append(' & '.join([_latex(name), *cells]) + r' \\')
        return '\n'.join(
            [
                *lines,
                r'\bottomrule',
                r'\end{tabular}',
                *(f'% {note}' for note in self.notes),
                r'\end{table}',
                '',
            ]
        )

    def to_csv(self) -> str:
        """Return the table in CSV, all digits, with a column of ranks after each of values."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(
            [
                'method',
                'values',
                *(name for column in self.columns for name in (column, f'{column}_rank')),
            ]
        )
        for row in self.rows:
            writer.writerow(
                [
                    row.name,
                    row.origin,
                    *(
                        cell
                        for column in self.columns
                        for cell in (row.values.get(column, ''), self.rank(row, column) or '')
                    ),
                ]
            )
        return file.getvalue()

    def to_dict(self) -> dict:
        """Return the table as plain data for JSON; ``nan`` becomes None."""
        return dict(
            title=self.title,
            columns=list(self.columns),
            notes=self.notes,
            rows=[
                dict(
                    method=row.name,
                    values=row.origin,
                    scores={
                        column: None if math.isnan(value) else value
                        for column, value in row.values.items()
                    },
                    ranks={column: self.rank(row, column) for column in self.columns},
                )
                for row in self.rows
            ],
        )

    def _marked(self, row: Row, column: str, marks: Sequence[str]) -> str:
        text, rank = self._text(row, column), self.rank(row, column)
        return marks[rank - 1].format(text) if rank else text

    def _text(self, row: Row, column: str) -> str:
        value = row.values.get(column, math.nan)
        return '' if math.isnan(value) else f'{value:.{self.digits}f}'

    @staticmethod
    def _line(cells: Sequence[str]) -> str:
        return '| ' + ' | '.join(cell.replace('|', r'\|') for cell in cells) + ' |'


def _latex(text: str) -> str:
    return ''.join('\\' + character if character in '&%$#_{}' else character for character in text)
