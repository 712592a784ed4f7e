# SPDX-License-Identifier: Apache-2.0
import re

from rd.initramfs import POWER_OFF

NAME = "redoubt run --protected: a stock Linux as a protected VM with disk, console, random numbers and sockets"
TIMEOUT = 600

GUEST = """
load_modules
echo guest-up on $(nproc) CPUs
dmesg | grep -o 'RME: Using RSI version.*'
dmesg | grep -o 'Memory encryption is active.*'
dd if=/dev/vda bs=1M count=4 2>/dev/null | md5sum | sed 's/^/disk /'
head -c 3000000 /dev/zero | tr '\\0' 'y' | dd of=/dev/vda bs=64k seek=64 conv=fsync 2>/dev/null
dd if=/dev/hwrng bs=16 count=1 2>/dev/null | wc -c | sed 's/^/random /'
echo through-hvc0 >/dev/hvc0
vsock_probe echo-vsock 5000 & sleep 1; echo listening
vsock_probe send-vsock 2 77 1000000
wait
echo guest-done
"""
GUEST_MODULES = ("virtio_mmio", "virtio_blk", "virtio-rng", "vmw_vsock_virtio_transport")
HOST = """#!/bin/sh
yes block | dd of=/tmp/disk.img bs=1M count=8 2>/dev/null
head -c 4194304 /tmp/disk.img | md5sum
vsock_probe echo-unix /tmp/vm.sock_77 &
redoubt run --protected --kernel /Image --initrd /guest.cpio --cpus 2 --memory 256M --cmdline loglevel=6 \
    --disk /tmp/disk.img --vsock-cid 7 --vsock-socket /tmp/vm.sock </dev/null >/tmp/log 2>&1 &
vm=$!
until grep -q listening /tmp/log || ! kill -0 $vm; do sleep 1; done
vsock_probe send-unix /tmp/vm.sock 5000 1000000
wait $vm; echo code $?
cat /tmp/log
tail -c +4194305 /tmp/disk.img | head -c 3000000 | tr -d y | wc -c | sed 's/^/wrong bytes on disk /'
"""


def make_host(rig):
    kernel = rig.kernel("7")
    guest = rig.initramfs(GUEST, POWER_OFF)
    guest.modules(kernel, *GUEST_MODULES)
    guest.program(rig.program("vsock_probe"))
    old = rig.kernel("6.12")
    tree = rig.host_initramfs()
    tree.file("Image", kernel.image)
    tree.file("old.Image", old.image)
    tree.file("guest.cpio", guest.write(rig.folder / "guest.cpio"))
    tree.file("virtio.bin", rig.payload("guest-virtio.bin"))
    tree.file("bin/go", HOST.encode(), 0o755)
    tree.program(rig.program("vsock_probe"))
    return rig.machine(tree)


def check_linux(host) -> None:
    text = host.shell("go", timeout=300)
    sums = re.findall(r"\b[0-9a-f]{32}\b", text)
    assert len(sums) == 2 and sums[0] == sums[1], "the guest read other data than the disk holds"
    for wanted in ("guest-up on 2 CPUs", "RME: Using RSI version 1.0", "Memory encryption is active", "random 16", "through-hvc0",
                   "guest-done", "code 0", "wrong bytes on disk 0"):
        assert wanted in text, f"{wanted!r} is missing"
    assert text.count("vsock_probe: echoed 1000000 bytes") == 2, "sockets"


def check_hostile_driver(host) -> None:
    """Private memory named in rings and descriptors: the program survives and the guest's memory is unharmed."""
    host.shell("dd if=/dev/zero of=/tmp/disk.img bs=1M count=1 2>/dev/null")
    faults = int(host.shell("cat /sys/kernel/redoubt/host_faults"))
    text = host.shell("redoubt run --protected --kernel /virtio.bin --memory 64M --disk /tmp/disk.img </dev/null", timeout=120)
    assert "28 passed, 0 failed" in text, text
    assert int(host.shell("cat /sys/kernel/redoubt/host_faults")) > faults, "nothing private was ever touched"


def check_old_kernel(host) -> None:
    text = host.shell("redoubt run --protected --kernel /old.Image </dev/null 2>&1; test $? = 4", timeout=120)
    assert "not a realm kernel" in text and "6.13" in text, text


def run(rig) -> None:
    with rig.start(make_host(rig)) as host:
        host.wait(r"^# ", timeout=120)
        check_linux(host)
        check_hostile_driver(host)
        check_old_kernel(host)
        assert host.shell("cat /sys/kernel/redoubt/pages_guest").strip() == "0", "pages were not returned"
