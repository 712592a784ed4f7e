# SPDX-License-Identifier: Apache-2.0
"""Where things are: the source tree, its build directory, and the cache shared by all clones."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "redoubt"


def shown(path: Path) -> str:
    """A path as the developer would type it from the root of the tree."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)
