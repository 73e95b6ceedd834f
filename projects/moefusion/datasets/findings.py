"""Logs what a reader of pairs corrected or dropped."""

from __future__ import annotations

import logging

from mmengine.logging import print_log

from moefusion.files import Findings


def warn(findings: Findings, reader: object) -> None:
    """Log all findings as warnings in the name of a reader's class."""
    for line in findings.all_lines():
        print_log(f'{type(reader).__name__}: {line}', 'current', logging.WARNING)
