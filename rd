#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The developer command: ./rd --help
set -eu
root=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
if ! command -v python3 >/dev/null; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    echo "rd: python3 is missing; installing it with apt-get" >&2
    $as_root apt-get install -y --no-install-recommends python3 >&2 ||
        { echo "rd: cannot install python3: run 'apt-get install python3' as root" >&2; exit 1; }
fi
PYTHONPATH="$root/tools${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1 exec python3 -m rd "$@"
