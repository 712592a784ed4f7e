# SPDX-License-Identifier: Apache-2.0
"""Stock kernel modules and what they depend on, read from the modules themselves (a package carries no modules.dep)."""
import lzma
import re
import subprocess
from pathlib import Path

from rd.kernels import Kernel
from rd.log import RdError


def with_dependencies(kernel: Kernel, names: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """(name, uncompressed module) for each name and its dependencies, in load order. Built-in names are skipped."""
    files = {_plain(p.name): p for p in (kernel.modules / "kernel").rglob("*.ko*")}
    builtin = {_plain(line) for line in (kernel.modules / "modules.builtin").read_text().splitlines()}
    done: dict[str, bytes] = {}
    todo = [(_plain(n), False) for n in reversed(names)]
    while todo:
        name, dependencies_done = todo.pop()
        if name in done or (name in builtin and name not in files):
            continue
        if name not in files:
            raise RdError(f"kernel {kernel.release} has no module {name}")
        content = _content(files[name])
        if dependencies_done:
            done[name] = content
            continue
        todo.append((name, True))
        todo += [(_plain(d), False) for d in _depends(content)]
    return list(done.items())


def _plain(file_name: str) -> str:
    """The module name as the kernel spells it: no folder, no suffix, no dashes."""
    return re.sub(r"\.ko(\.\w+)?$", "", file_name.rpartition("/")[2]).replace("-", "_")


def _depends(content: bytes) -> list[str]:
    found = re.search(rb"\0depends=([^\0]*)\0", content)
    return [d for d in found.group(1).decode().split(",") if d] if found else []


def _content(path: Path) -> bytes:
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", str(path)], check=True, capture_output=True).stdout
    return path.read_bytes()
