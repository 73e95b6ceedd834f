"""Runs the commands of the set-up: full output to a log, signs of life on the console."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time

HEARTBEAT_S = 15
NINJA = re.compile(r'^\s*\[(\d+)/(\d+)\] ')
PIP_NEWS = re.compile(r'^\s*(Downloading (?!.*\.metadata).*\([\d.]+ [MG]B\)|Building wheel)')


class SetupError(Exception):
    """A step failed; the message says which, and what to do."""


def say(text):
    print(text, flush=True)


def clock(seconds):
    """Seconds as m:ss."""
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'


def read_lines(stream, lines):
    for line in stream:
        lines.put(line)
    lines.put(None)


def stop(process):
    """Ends a command with everything it started (compilers, for one)."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Progress:
    """Turns a command's output into few lines: what pip fetches, how far ninja is, the time."""

    def __init__(self):
        self.start = self.last = time.monotonic()
        self.done = self.total = 0

    def line(self, text):
        step = NINJA.match(text)
        if step:
            self.done, self.total = int(step.group(1)), int(step.group(2))
            if time.monotonic() - self.last >= HEARTBEAT_S or self.done == self.total:
                self.beat()
        elif PIP_NEWS.match(text):
            self.last = time.monotonic()
            say('    ' + text.strip())

    def beat(self):
        self.last = time.monotonic()
        spent = self.last - self.start
        if self.total:
            left = spent / max(self.done, 1) * (self.total - self.done)
            say(
                f'    {self.done} of {self.total} files compiled, {clock(spent)} spent, '
                f'about {clock(left)} left'
            )
        else:
            say(f'    still at work, {clock(spent)} spent')


def run(command, log, env=None, hint=''):
    """Runs ``command``; on failure shows the end of its output and raises :class:`SetupError`.

    Args:
        command (list[str]): program and arguments.
        log (str): file that gets the full output, appended to.
        env (dict, optional): environment; the current one by default.
        hint (str): what to do about a failure.
    """
    progress, lines, tail = Progress(), queue.Queue(), []
    with open(log, 'a', encoding='utf-8') as out:
        out.write('$ ' + ' '.join(command) + '\n')
        process = subprocess.Popen(
            command,
            env=env,
            text=True,
            errors='replace',
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            threading.Thread(target=read_lines, args=(process.stdout, lines), daemon=True).start()
            while True:
                try:
                    line = lines.get(
                        timeout=max(0.1, progress.last + HEARTBEAT_S - time.monotonic())
                    )
                except queue.Empty:
                    progress.beat()
                    continue
                if line is None:
                    break
                out.write(line)
                out.flush()
                tail = [*tail[-29:], line.rstrip()[:300]]
                progress.line(line)
            process.wait()
        except BaseException:
            stop(process)
            raise
    if process.returncode:
        say('\n'.join('    | ' + line for line in tail))
        raise SetupError(f'failed: {" ".join(command[:6])} ... (full output: {log}). {hint}')


def fail(error):
    """Ends the set-up with its one-line reason."""
    sys.exit(f'\nSet-up stopped: {error}')
