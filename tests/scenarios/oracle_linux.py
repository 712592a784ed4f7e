# SPDX-License-Identifier: Apache-2.0
from rd import payloads
from rd.host import Host
from rd.qemu import HOST_APPEND, Machine

NAME = "a stock Linux host and its VMs on the hypervisor for debugging: every call is as specified"
TIMEOUT = 400

CPUS = 2
PAYLOADS = ("hello", "memory", "rsi")


def run(rig) -> None:
    tree = rig.host_initramfs("ulimit -l unlimited")
    payloads.add_to(tree, rig)
    image = rig.oracle_image(rig.kernel().image)
    with rig.start(Machine(image, tree.write(rig.folder / "host.cpio"), HOST_APPEND, smp=CPUS)) as console:
        host = Host.up(console)
        wrong = [line for name in PAYLOADS for protected in (True, False) for line in payloads.run(host, name, CPUS, protected)]
        assert not wrong, wrong
        host.power_off()
