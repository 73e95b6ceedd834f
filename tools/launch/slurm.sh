# Sourced by tools/slurm_*.sh: srun with MMDetection's environment variables.
#
#   srun_here PARTITION JOB_NAME SCRIPT [arguments]
#
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS  as MMDetection's
# PORT                                           port that the processes meet at, 29500
# PYTHON                                         interpreter; by default the checkout's .venv, if
#                                                it is there and no other environment is active

srun_here() {
    local partition=$1 job=$2
    shift 2
    local gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8} python=${PYTHON:-python3} root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    if [ -z "${PYTHON:-}${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] && [ -x "$root/.venv/bin/python" ]; then
        python=$root/.venv/bin/python
    fi
    local resources=(--ntasks "$gpus" --cpus-per-task "${CPUS_PER_TASK:-5}")
    if [ "$per_node" -gt 0 ]; then
        resources+=(--gres "gpu:$per_node" --ntasks-per-node "$per_node")
    fi
    export MASTER_PORT=${PORT:-${MASTER_PORT:-29500}}
    # SRUN_ARGS holds several words on purpose
    # shellcheck disable=SC2086
    exec srun -p "$partition" --job-name "$job" "${resources[@]}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} "$python" -u "$@"
}
