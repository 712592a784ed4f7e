# SPDX-License-Identifier: Apache-2.0
"""The emulated board. Machine() is the default of this project: the fastest one that has EL2 and a GICv3, no network."""
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from rd import paths
from rd.console import FATAL, Console

HOST_APPEND = "console=ttyAMA0 quiet loglevel=3 cryptomgr.notests panic=-1"


@dataclass
class Machine:
    """A QEMU virt board. start() gives a Console; interactive() hands it the terminal."""
    kernel: Path
    initrd: Path | None = None
    append: str = HOST_APPEND
    cpu: str = "neoverse-n1"
    smp: int = 2
    memory: str = "2G"
    el2: bool = True              # virtualization=on: the kernel is entered at EL2
    iommu: str | None = None      # "smmuv3"
    mte: bool = False
    icount: bool = False          # one virtual nanosecond per instruction; repeatable, one processor
    reboot: bool = False          # whether a reset restarts the machine instead of ending QEMU
    semihosting: bool = False
    extra: list[str] = field(default_factory=list)       # more QEMU arguments
    fatal: tuple[str, ...] = FATAL                        # messages that end any wait at once

    def argv(self) -> list[str]:
        board = ["virt", "gic-version=3", f"virtualization={'on' if self.el2 else 'off'}"]
        board += [f"iommu={self.iommu}"] if self.iommu else []
        board += ["mte=on"] if self.mte else []
        argv = ["qemu-system-aarch64", "-M", ",".join(board), "-cpu", self.cpu, "-smp", str(1 if self.icount else self.smp),
                "-m", self.memory, "-kernel", str(self.kernel), "-append", self.append,
                "-nic", "none", "-display", "none", "-nodefaults"]
        argv += ["-initrd", str(self.initrd)] if self.initrd else []
        argv += ["-icount", "shift=0,sleep=off"] if self.icount else []
        argv += [] if self.reboot else ["-no-reboot"]
        argv += ["-semihosting-config", "enable=on,target=native"] if self.semihosting else []
        return argv + self.extra

    def start(self, name: str) -> Console:
        """Boot; the log goes to build/logs/<name>.log. Use it in a `with`: the machine ends with the block."""
        return Console([*self.argv(), "-serial", "stdio"], paths.BUILD / "logs" / f"{name}.log", self.fatal)

    def interactive(self) -> int:
        """Boot with the terminal as serial port (Ctrl-A X ends it)."""
        return subprocess.call([*self.argv(), "-serial", "mon:stdio"], env=os.environ)
