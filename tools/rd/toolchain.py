# SPDX-License-Identifier: Apache-2.0
"""Which cross compiler this machine has."""
import re
from pathlib import Path

from rd.log import RdError


def cross_gcc() -> int:
    """The major version of the newest arm64 cross g++."""
    found = [int(m.group(1)) for p in Path("/usr/bin").glob("aarch64-linux-gnu-g++-*") if (m := re.fullmatch(r".*-(\d+)", p.name))]
    if not found:
        raise RdError("no arm64 cross compiler (run ./rd setup)")
    return max(found)
