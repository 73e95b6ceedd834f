#!/bin/sh
# Prints the Python interpreter to build the environment with, or says what is missing.
#
#   find_python.sh          the first of python3, python3.12, python3.11, python3.10 that fits
#   find_python.sh PYTHON   PYTHON, if it fits

why() {  # why INTERPRETER: prints nothing if it fits, else the reason it does not
    command -v "$1" >/dev/null 2>&1 || { echo "$1: not found"; return; }
    "$1" - "$1" 2>/dev/null <<'PY' || echo "$1: does not run"
import sys
name, version = sys.argv[1], sys.version_info
found = '%s is Python %d.%d.%d' % (name, version[0], version[1], version[2])
if not (3, 10) <= version[:2] <= (3, 12):
    print(found + ', MoE-Fusion runs on 3.10, 3.11 and 3.12')
else:
    try:
        import ensurepip, venv  # noqa
    except ImportError:
        print(found + ' without venv (on Debian and Ubuntu: apt-get install python%d.%d-venv)'
              % (version[0], version[1]))
PY
}

reasons=
for candidate in ${1:-python3 python3.12 python3.11 python3.10}; do
    reason=$(why "$candidate")
    if [ -z "$reason" ]; then
        command -v "$candidate"
        exit 0
    fi
    reasons="$reasons
  $reason"
done
{
    echo "No Python interpreter fits:$reasons"
    echo "Install Python 3.11 or 3.12, or name one: make PYTHON=/path/to/python3.11 ..."
} >&2
exit 1
