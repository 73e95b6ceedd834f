"""What the command-line tools share: one line for a user's mistake, progress, common flags."""

from __future__ import annotations

import argparse
import dis
import errno
import functools
import io
import logging
import os
import re
import select
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ParamSpec, TypeVar

from tqdm import tqdm

from moefusion.apis import launcher  # noqa: F401  notes early who started this process
from moefusion.cpus import limited_cpus

Params = ParamSpec('Params')
Result = TypeVar('Result')
Item = TypeVar('Item')

# Before torch is loaded. Threads that spin while they wait take a busy machine's cores from others.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
if threads := limited_cpus():
    os.environ.setdefault('OMP_NUM_THREADS', str(threads))

INTERRUPTED = 130  # the shell's status of a command that Ctrl-C stopped
CLOSED_PIPE = 141  # the same of one whose output nobody reads any more
CURES = {
    errno.ENOENT: 'Check the path',
    errno.ENOTDIR: 'Check the path',
    errno.EISDIR: 'Name a file, not a folder',
    errno.EACCES: 'Check the permissions of this path',
    errno.EROFS: 'Choose a folder that can be written to',
    errno.ENOSPC: 'Free space on that disk, then give the same command again',
    errno.EFBIG: 'Raise the limit of file sizes (ulimit -f), then give the same command again',
    errno.EMFILE: 'Raise the limit of open files (ulimit -n), or use fewer workers',
}
# Older MMEngine raises an error again with the class that it was building before its text, and
# PyTorch with the traceback of the worker process.
_PREFIXED = re.compile(r'class `\w+` in \S+: ')
_WORKER = re.compile(r'Caught (\w+) in DataLoader worker process \d+\.\n')
# Arguments that a class does not take, or does without
_ARGUMENTS = re.compile(r'unexpected keyword argument|missing \d+ required')
_OURS = 'moefusion'


def command(main: Callable[Params, Result]) -> Callable[Params, Result]:
    """Have a tool's ``main`` answer a user's mistake with the line ``error: cause. cure``.

    The line goes to stderr and the exit status is 1. Programming errors keep their traceback,
    see :func:`explain`. Ctrl-C says that the tool was stopped; its exit status is 130. Where
    nobody reads the output any more, as behind ``| head``, the tool ends without a word.

    Examples:
        >>> @command
        ... def main() -> None:
        ...     raise FileNotFoundError('config a.py: there is no such file')
        >>> main()
        Traceback (most recent call last):
        ...
        SystemExit: error: config a.py: there is no such file
    """

    @functools.wraps(main)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors='backslashreplace')  # file names need not be UTF-8
        try:
            with _end_at_closed_pipe():
                return main(*args, **kwargs)
        except KeyboardInterrupt:
            print('stopped', file=sys.stderr)
            raise SystemExit(INTERRUPTED) from None
        except Exception as error:
            if isinstance(error, BrokenPipeError) and _reader_left():
                raise SystemExit(CLOSED_PIPE) from None
            message = explain(error)
            if message is None:
                raise
            raise SystemExit(f'error: {message}') from error
        finally:
            _reader_left()  # or Python complains when it ends

    return run


@contextmanager
def _end_at_closed_pipe() -> Iterator[None]:
    """Have a closed pipe end what logs to it: logging would print a traceback for each line."""
    usual = logging.Handler.handleError

    def handle(self: logging.Handler, record: logging.LogRecord) -> None:
        if isinstance(sys.exc_info()[1], BrokenPipeError):
            raise
        usual(self, record)

    logging.Handler.handleError = handle  # type: ignore[method-assign]  # of all handlers
    try:
        yield
    finally:
        logging.Handler.handleError = usual  # type: ignore[method-assign]


def _reader_left() -> bool:
    """Whether stdout is a pipe that nobody reads any more; if so, the rest goes nowhere."""
    try:
        sys.stdout.flush()
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        left = any(event & select.POLLERR for _, event in poll.poll(0))
    except BrokenPipeError:
        left = True
    except (AttributeError, OSError, ValueError):  # no pipe, or a system that has no poll
        return False
    if left:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return left


def explain(error: BaseException) -> str | None:
    """Say in one line what a user did wrong, or None where the program is at fault.

    A user's mistake is an ``OSError``; or an error that a ``raise`` statement made on purpose,
    which is a ``ValueError``, a ``FloatingPointError`` or a ``KeyError`` with a sentence, or of
    any kind where it comes from this project or MMEngine's config reader; or arguments that a
    class named in the config does not take, lacks, or asserts to be otherwise. A ``ValueError``
    of unpacking or broadcasting, say, is a programming error. What was raised in a data loader's
    worker process counts alike.
    """
    text = _reason(_unwrap(error))
    return None if text is None else ' '.join(text.split())


def _reason(error: BaseException) -> str | None:
    if worker := _WORKER.match(str(error)):
        return _from_worker(str(error), worker[1], isinstance(error, OSError))
    if isinstance(error, OSError):
        return _system_error(error)
    frame, on_purpose = _origin(error)
    text = str(error.args[0]) if error.args else type(error).__name__
    module = frame.f_globals.get('__name__', '') if frame else ''
    misused = isinstance(error, TypeError) and _ARGUMENTS.search(text)
    refused = isinstance(error, AssertionError) and error.args
    if (misused or refused) and _is_built(error):
        cure = 'Check the keys of this class in the config and in --cfg-options'
        return f'{text.rstrip(".")}. {cure}'
    if not on_purpose:
        return None
    sentence = isinstance(error, KeyError) and ' ' in text
    if sentence or isinstance(error, (ValueError, FloatingPointError)):
        return text
    if module.startswith('mmengine.config'):
        return f'in the config: {text}'
    ours = module == '__main__' or module.split('.')[0] == _OURS
    return text if ours and not isinstance(error, AssertionError) else None


def show_progress(
    items: Iterable[Item], total: int | None = None, unit: str = 'pair'
) -> Iterable[Item]:
    """Show how many items are done: on stderr, and only where that is a terminal."""
    return tqdm(items, unit=unit, total=total, dynamic_ncols=True, disable=None, file=sys.stderr)


def warn(message: str) -> None:
    """Print a line on stderr without breaking a progress bar."""
    tqdm.write(message, file=sys.stderr)


def add_config_options(
    parser: argparse.ArgumentParser, example: str = 'train_cfg.max_epochs=2'
) -> None:
    """Add ``--cfg-options``."""
    from mmengine.config import DictAction  # here, as evaluate.py runs without mm*

    text = f'override keys of the config, such as {example}'
    options = dict(nargs='+', action=DictAction, metavar='KEY=VALUE')
    parser.add_argument('--cfg-options', help=text, **options)


def _unwrap(error: BaseException) -> BaseException:
    """The error that MMEngine raised again with other words around it."""
    while error.__context__ is not None and (
        _PREFIXED.match(str(error.args[0]) if error.args else '')
        or (isinstance(error, ImportError) and str(error).startswith('Failed to import'))
    ):
        error = error.__context__
    return error


def _is_built(error: BaseException) -> bool:
    """Whether the registry's call of a class, or of what it derives from, made an error.

    The runner calls PyTorch's ``DataLoader`` itself.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    modules = [frame.f_globals.get('__name__') for frame in frames]
    last = frames[-1].f_code.co_name if frames else ''
    built = 'mmengine.registry.build_functions' in modules
    return last == 'build_dataloader' or (built and last in ('build_from_cfg', '__init__'))


def _from_worker(text: str, name: str, system: bool) -> str | None:
    """What was raised in a data loader's worker: the text after its traceback."""
    last = list(re.finditer(rf'^([\w.]*\b{name}): ', text, re.MULTILINE))
    if not last or not (system or last[-1][1].startswith(_OURS)):
        return None
    return text[last[-1].end() :]


def _system_error(error: OSError) -> str:
    if error.strerror is None:  # of a message alone
        return str(error)
    ours = error.strerror != os.strerror(error.errno or 0)
    if error.filename is None and ours:  # a sentence in the place of the system's
        return error.strerror
    name = f'{error.filename}: ' if error.filename is not None else ''
    cure = CURES.get(error.errno or 0)
    return f'{name}{error.strerror}' + (f'. {cure}' if cure else '')


def _origin(error: BaseException) -> tuple[FrameType | None, bool]:
    """Where an error came from, and whether a ``raise`` statement made it."""
    trace = error.__traceback__
    if trace is None:
        return None, False
    while trace.tb_next:
        trace = trace.tb_next
    instruction = trace.tb_frame.f_code.co_code[trace.tb_lasti]
    return trace.tb_frame, dis.opname[instruction] == 'RAISE_VARARGS'
