"""The environment of processes that tests launch, and what they leave."""

import json
import os
import socket

LAUNCHER_VARIABLES = 'RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'SLURM_PROCID'
LAUNCHER_VARIABLES += ('OMPI_COMM_WORLD_RANK',)


def results(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob('rank*.json'))]


def cpu_env(**more):
    """The environment of a machine without a GPU, whose processes do not fight for the cores."""
    env = {k: v for k, v in os.environ.items() if k not in LAUNCHER_VARIABLES}
    return dict(env, CUDA_VISIBLE_DEVICES='', OMP_NUM_THREADS='1', **more)


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]
