# SPDX-License-Identifier: Apache-2.0
"""Initial RAM file systems, made the same byte for byte from the same inputs (cpio "newc", uncompressed: emulated
processors unpack slowly)."""
import stat
from pathlib import Path

from rd import kmod, paths
from rd.kernels import Kernel
from rd.log import RdError

# What every init script starts with. "ready" helpers keep the scripts of tests short.
PROLOGUE = """#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/ PS1='# '
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp; mkdir -p /dev/pts /dev/shm; mount -t devpts pts /dev/pts; mount -t tmpfs shm /dev/shm
load_modules() { for m in $(cat /modules/order 2>/dev/null); do insmod "/modules/$m" || echo "init: cannot load $m"; done; }
"""
SHELL = "exec setsid -c /bin/sh -c 'exec sh -i </dev/console >/dev/console 2>&1'\n"
# Setting a terminal's mode waits until its driver has sent everything; powering off would drop what it still holds.
POWER_OFF = "sync; stty opost </dev/console; poweroff -f\n"


class Initramfs:
    """A tree of files to be written as one archive. Later additions replace earlier ones of the same path."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes, tuple[int, int]]] = {}
        self._modules: list[str] = []

    @classmethod
    def with_busybox(cls, body: str, then: str = SHELL) -> "Initramfs":
        """busybox with all its commands, and an /init that runs `body` (shell text) and then `then`."""
        tree = cls()
        for folder in ("bin", "sbin", "usr/bin", "usr/sbin", "dev", "proc", "sys", "tmp", "mnt", "root", "etc", "modules"):
            tree.folder(folder)
        tree.file("bin/busybox", paths.cache() / "busybox", 0o755)
        tree.link("bin/sh", "busybox")
        tree.link("linuxrc", "bin/busybox")
        tree.node("dev/console", 5, 1)
        tree.file("init", ("#!/bin/busybox sh\n/bin/busybox --install -s\n" + PROLOGUE + body + "\n" + then).encode(), 0o755)
        return tree

    def folder(self, path: str, mode: int = 0o755) -> None:
        self._put(path, stat.S_IFDIR | mode, b"")

    def file(self, path: str, content: bytes | Path, mode: int = 0o644) -> None:
        self._put(path, stat.S_IFREG | mode, content.read_bytes() if isinstance(content, Path) else content)

    def program(self, source: Path, path: str | None = None) -> None:
        """An executable, by default as /bin/<its name>."""
        self.file(path or f"bin/{source.name}", source, 0o755)

    def link(self, path: str, target: str) -> None:
        self._put(path, stat.S_IFLNK | 0o777, target.encode())

    def node(self, path: str, major: int, minor: int) -> None:
        self._put(path, stat.S_IFCHR | 0o600, b"", (major, minor))

    def modules(self, kernel: Kernel, *names: str, into: str = "modules") -> None:
        """Stock modules of `kernel` and what they depend on, in /<into> with their load order in /<into>/order."""
        loaded: list[str] = []
        for name, content in kmod.with_dependencies(kernel, names):
            self.file(f"{into}/{name}.ko", content)
            loaded.append(f"{name}.ko")
        self.file(f"{into}/order", "".join(f"{m}\n" for m in loaded).encode())

    def write(self, out: Path) -> Path:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = out.with_suffix(out.suffix + ".part")
        with open(partial, "wb") as file:
            for number, path in enumerate(sorted(self._entries), start=1):
                file.write(_record(number, path, *self._entries[path]))
            file.write(_record(0, "TRAILER!!!", 0, b"", (0, 0)))
        partial.replace(out)
        return out

    def _put(self, path: str, mode: int, content: bytes, device: tuple[int, int] = (0, 0)) -> None:
        path = path.strip("/")
        if not path or ".." in path.split("/"):
            raise RdError(f"initramfs: bad path {path!r}")
        parent = path.rpartition("/")[0]
        if parent and parent not in self._entries:
            self.folder(parent)
        self._entries[path] = (mode, content, device)


def _record(number: int, path: str, mode: int, content: bytes, device: tuple[int, int]) -> bytes:
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
