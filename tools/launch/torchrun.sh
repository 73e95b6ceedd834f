# Sourced by tools/dist_*.sh: torchrun with MMDetection's environment variables.
#
#   torchrun_here PROCESSES SCRIPT [arguments]
#
# NNODES, NODE_RANK, MASTER_ADDR, PORT  as MMDetection's: one node by default; PORT is a free one
#                                       on one node and 29500 on several
# PYTHON                                interpreter; by default the checkout's .venv, if it is
#                                       there and no other environment is active

torchrun_here() {
    local processes=$1
    shift
    case $processes in
        '' | *[!0-9]* | 0)
            echo "GPUS must be the number of processes, but got '$processes'" >&2
            exit 2 ;;
    esac
    local python=${PYTHON:-python3} nodes=${NNODES:-1} port=${PORT:-} root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    if [ -z "${PYTHON:-}${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ] && [ -x "$root/.venv/bin/python" ]; then
        python=$root/.venv/bin/python
    fi
    if [ -z "$port" ] && [ "$nodes" = 1 ]; then
        port=$("$python" -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])')
    fi
    exec "$python" -m torch.distributed.run --nnodes "$nodes" --node_rank "${NODE_RANK:-0}" \
        --master_addr "${MASTER_ADDR:-127.0.0.1}" --master_port "${port:-29500}" \
        --nproc_per_node "$processes" "$@"
}
