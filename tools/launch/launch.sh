# Sourced by tools/{dist,slurm}_{train,test}.sh. PYTHON names the interpreter; by default it is the
# checkout's .venv, if it is there and no other environment is active.
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -z "${PYTHON:-}${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] && [ -x "$TOOLS/../.venv/bin/python" ]; then
    PYTHON=$TOOLS/../.venv/bin/python
fi
PYTHON=${PYTHON:-python3}

# torchrun_here PROCESSES SCRIPT [arguments]: torchrun with MMDetection's environment variables
# NNODES, NODE_RANK, MASTER_ADDR and PORT: one node by default; PORT is a free one on one node and
# 29500 on several.
torchrun_here() {
    local processes=$1 script=$TOOLS/$2 nodes=${NNODES:-1} port=${PORT:-}
    case $processes in
        '' | *[!0-9]* | 0)
            echo "GPUS must be the number of processes, but got '$processes'" >&2
            exit 2 ;;
    esac
    if [ -z "$port" ] && [ "$nodes" = 1 ]; then
        port=$("$PYTHON" -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])')
    fi
    exec "$PYTHON" -m torch.distributed.run --nnodes "$nodes" --node_rank "${NODE_RANK:-0}" \
        --master_addr "${MASTER_ADDR:-127.0.0.1}" --master_port "${port:-29500}" \
        --nproc_per_node "$processes" "$script" "${@:3}"
}

# srun_here PARTITION JOB_NAME SCRIPT [arguments]: srun with MMDetection's environment variables
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS; the processes meet at PORT, 29500 by default.
srun_here() {
    local partition=$1 job=$2 script=$TOOLS/$3 per_node=${GPUS_PER_NODE:-8}
    local resources=(--ntasks "${GPUS:-8}" --cpus-per-task "${CPUS_PER_TASK:-5}")
    if [ "$per_node" -gt 0 ]; then
        resources+=(--gres "gpu:$per_node" --ntasks-per-node "$per_node")
    fi
    export MASTER_PORT=${PORT:-${MASTER_PORT:-29500}}
    # SRUN_ARGS holds several words on purpose
    # shellcheck disable=SC2086
    exec srun -p "$partition" --job-name "$job" "${resources[@]}" --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} "$PYTHON" -u "$script" "${@:4}"
}
