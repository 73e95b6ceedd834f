#!/usr/bin/env bash
# Trains with several processes by torchrun, NCCL on GPUs and gloo on CPUs.
#
#   tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#
# GPUS is the number of processes on this node (on a machine without a GPU: of CPU processes).
# Several nodes: run it on each, with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [options of tools/train.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/launch/launch.sh"
torchrun_here "$2" train.py "$1" --launcher pytorch "${@:3}"
