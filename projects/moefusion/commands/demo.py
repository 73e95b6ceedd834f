"""Opens a page that fuses two dropped images, for any browser: `moefusion demo`."""

from __future__ import annotations

import argparse
import signal

from moefusion.apis.command import command, warn
from moefusion.apis.memory import keep_freed_memory
from moefusion.cpus import usable_cpus
from moefusion.extras import need

LOOPBACK = '127.0.0.1', 'localhost', '::1'


@command
def main(argv: list[str] | None = None) -> int:
    """Run the command until Ctrl-C, and return its exit status."""
    parser = argparse.ArgumentParser(prog='moefusion demo', description=__doc__)
    text = 'address to listen at; 0.0.0.0 lets others in (default: %(default)s, this machine alone)'
    parser.add_argument('--host', default=LOOPBACK[0], help=text)
    text = 'port of that address (default: the first free one from 7860)'
    parser.add_argument('--port', type=int, help=text)
    parser.add_argument('--model', help='exported network (default: the bundled one)')
    text = 'pairs fused at once, others wait in line (default: %(default)s)'
    parser.add_argument('--at-once', type=int, default=2, help=text)
    text = 'largest file (default: %(default)s)'
    parser.add_argument('--max-megabytes', type=int, default=20, help=text)
    text = 'largest image; a pair takes 1 GB a megapixel, at most 1.7 (default: %(default)s)'
    parser.add_argument('--max-megapixels', type=float, default=2.5, help=text)
    args = parser.parse_args(argv)
    if min(args.at_once, args.max_megabytes, args.max_megapixels) <= 0:
        parser.error('--at-once, --max-megabytes and --max-megapixels must be above 0')
    serve = need('moefusion.runtime.page', 'moefusion demo').serve
    keep_freed_memory()
    threads = max(1, usable_cpus() // args.at_once)
    fuser = need('moefusion.runtime', 'moefusion demo').Fuser(args.model, threads)
    if args.host not in LOOPBACK:
        warn(f'{args.host}: whoever reaches this address can use the page; there is no password')
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # tidies up, as Ctrl-C does
    serve(fuser, args.host, args.port, args.at_once, args.max_megabytes, args.max_megapixels)
    return 0
