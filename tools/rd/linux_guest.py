# SPDX-License-Identifier: Apache-2.0
"""Stock Linux kernels as guests: the initial RAM file system that makes one show its devices and its memory."""
from pathlib import Path

from rd.initramfs import POWER_OFF
from rd.rig import Rig

MODULES = ("virtio_mmio", "virtio_blk", "virtio_rng", "vmw_vsock_virtio_transport")

# What every guest says first. A realm kernel prints the RSI line itself.
HELLO = """echo "guest $(uname -r), $(nproc) CPUs"
dmesg | grep -o 'RME: Using RSI version.*'
load_modules
"""

# The disk: what the host wrote, then MIB of random bytes, read back past the cache.
DISK = """echo "disk from host: $(sha256sum </dev/vda)"
dd if=/dev/urandom of=/tmp/content bs=1M count={mib} 2>/dev/null
dd if=/tmp/content of=/dev/vda bs=1M conv=fsync 2>/dev/null
echo "disk written: $(sha256sum </tmp/content)"; rm /tmp/content
echo 3 >/proc/sys/vm/drop_caches
echo "disk read back: $(sha256sum </dev/vda)"
"""


def initramfs(rig: Rig, series: str, body: str, then: str = POWER_OFF, programs: tuple[Path, ...] = ()) -> Path:
    """Write the file system of a guest; answers its path."""
    tree = rig.initramfs(HELLO + body, then)
    tree.modules(rig.kernel(series), *MODULES)
    for program in programs:
        tree.program(program)
    return tree.write(rig.folder / f"guest-{series}.cpio")
