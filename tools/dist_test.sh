#!/usr/bin/env bash
# Tests with several processes by torchrun, NCCL on GPUs and gloo on CPUs.
#
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of tools/test.py]
#
# GPUS is the number of processes on this node (on a machine without a GPU: of CPU processes).
# Several nodes: run it on each, with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 CONFIG CHECKPOINT GPUS [options of tools/test.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/launch/launch.sh"
torchrun_here "$3" test.py "$1" "$2" --launcher pytorch "${@:4}"
