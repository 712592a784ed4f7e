# SPDX-License-Identifier: Apache-2.0
import re

from rd import kernels

NAME = "the rig itself: both stock kernels boot, load their virtio modules and power off"
TIMEOUT = 120

MODULES = ("virtio_mmio", "virtio_blk", "virtio_rng", "vmw_vsock_virtio_transport")


def run(rig) -> None:
    for series in kernels.SERIES:
        kernel = rig.kernel(series)
        tree = rig.initramfs("load_modules; echo \"up: $(uname -r)\"")
        tree.modules(kernel, *MODULES)
        with rig.start(rig.plain_machine(tree, series, el2=False), series) as host:
            host.wait(re.escape(f"up: {kernel.release}"), timeout=50)
            loaded = {line.split()[0] for line in host.shell("cat /proc/modules").splitlines()}
            assert loaded >= set(MODULES), f"loaded only {sorted(loaded)}"
            assert host.shell("false; echo $?").strip() == "1"
            host.send("poweroff -f")
            assert host.wait_exit(timeout=20) == 0
