#!/usr/bin/env bash
# Trains on a Slurm cluster.
#
#   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS=...] [PORT=29500] \
#   tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/train.py]
#
# GPUS_PER_NODE=0 asks for no GPU and runs GPUS processes on CPUs.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG WORK_DIR [options of tools/train.py]" >&2
    exit 2
fi
. "$(dirname "${BASH_SOURCE[0]}")/launch/launch.sh"
srun_here "$1" "$2" train.py "$3" --work-dir "$4" --launcher slurm "${@:5}"
