# SPDX-License-Identifier: Apache-2.0
"""What a scenario works with: our artefacts, built on first use, and a host machine to run them in."""
from pathlib import Path

from rd import build, kernels, paths
from rd.initramfs import POWER_OFF, SHELL, Initramfs
from rd.kernels import Kernel
from rd.qemu import HOST_APPEND, Machine

__all__ = ["HOST_APPEND", "POWER_OFF", "SHELL", "Initramfs", "Machine", "Rig"]


class Rig:
    """One per scenario. Files it makes are below build/scenarios/<name>/, its logs are build/logs/<name>*.log."""

    def __init__(self, name: str):
        self.name = name
        self.folder = paths.BUILD / "scenarios" / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def kernel(self, series: str = "6.12") -> Kernel:
        """A stock Debian kernel: .image, .modules, .release."""
        return kernels.get(series)

    def image(self, series: str = "6.12") -> Path:
        """Redoubt and a stock host kernel in one boot image."""
        return build.packed_image(series)

    def oracle_image(self, kernel: Path) -> Path:
        """The hypervisor for debugging (docs/debugging.md) and a host kernel, or a payload in its place, in one boot image."""
        return build.packed_oracle_image(kernel)

    def module(self, series: str = "6.12", name: str = "redoubt") -> Path:
        """redoubt.ko or redoubt_attack.ko for that kernel."""
        return build.kernel_module(series, name)

    def program(self, name: str) -> Path:
        """An arm64 Linux program of ours, for example "redoubt"."""
        return build.program(name)

    def payload(self, name: str) -> Path:
        """A freestanding image of ours, for example "guest-hello.bin"."""
        return build.payload(name)

    def initramfs(self, body: str, then: str = SHELL) -> Initramfs:
        """busybox and an /init running `body`; add files to it, then pass it to machine()."""
        return Initramfs.with_busybox(body, then)

    def host_initramfs(self, body: str = "", series: str = "6.12", then: str = SHELL, load: bool = True) -> Initramfs:
        """The same with redoubt.ko (loaded before `body` unless load is false) and the redoubt program."""
        tree = Initramfs.with_busybox(("insmod /lib/redoubt.ko || echo 'init: redoubt.ko not loaded'\n" if load else "") + body, then)
        tree.file("lib/redoubt.ko", self.module(series))
        tree.program(self.program("redoubt"))
        return tree

    def machine(self, tree: Initramfs, series: str = "6.12", append: str = "", **options) -> Machine:
        """A board that starts Redoubt, which starts the stock host kernel with that initramfs.

        `append` is added to the default host command line; options are fields of rd.qemu.Machine."""
        initrd = tree.write(self.folder / f"host-{series}.cpio")
        return Machine(self.image(series), initrd, f"{HOST_APPEND} {append}".strip(), **options)

    def plain_machine(self, tree: Initramfs, series: str = "6.12", append: str = "", **options) -> Machine:
        """The same board without Redoubt: the stock kernel is entered directly (at EL2 unless el2=False)."""
        initrd = tree.write(self.folder / f"plain-{series}.cpio")
        return Machine(self.kernel(series).image, initrd, f"{HOST_APPEND} {append}".strip(), **options)

    def start(self, machine: Machine, label: str = ""):
        """Boot it; the log is named after the scenario."""
        return machine.start(self.name + (f"-{label}" if label else ""))
