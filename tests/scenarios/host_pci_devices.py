# SPDX-License-Identifier: Apache-2.0
import random
import re
import struct

from rd import payloads
from rd.host import Host

NAME = "the host has its PCI devices, and none of them reaches a protected guest"
TIMEOUT = 900

MODULES = ("nvme", "virtio_pci", "virtio_blk")
DISK_MIB = 64
PREPARE = "ulimit -l unlimited\nload_modules"
# edu is a DMA engine that does what its driver says; the generator does not use the SMMU, and nobody looks behind a port.
VISIBLE = {"0x1b36 0x0008", "0x1b36 0x0010", "0x1af4 0x1042", "0x1234 0x11e8"}
HIDDEN = (r"PCI function 0x3\.0 \(0x10051af4\): its DMA goes past the SMMU",
          r"PCI function 0x4\.0 \(0xc1b36\): nobody looks at what is behind it")
GUEST_RAM = 0x4000_0000
PAGES = 8
GUEST = "--kernel /guest-secret.bin --memory 16M --cmdline seconds=10000"


def devices(rig, bytes_) -> list[str]:
    disks = [rig.folder / "nvme.img", rig.folder / "virtio.img"]
    for disk in disks:
        disk.write_bytes(bytes_)
    drives = [part for n, disk in enumerate(disks) for part in ("-drive", f"if=none,id=d{n},format=raw,file={disk}")]
    return [*drives, "-device", "nvme,serial=rd,drive=d0", "-device", "virtio-blk-pci,drive=d1,iommu_platform=on,disable-legacy=on",
            "-device", "virtio-rng-pci", "-device", "pcie-root-port,id=root_port,chassis=1", "-device", "edu,dma_mask=0xffffffffffff"]


def seen_functions(host: Host) -> None:
    found = host.shell("for i in /sys/bus/pci/devices/*; do echo $(cat $i/vendor $i/device); done").split("\n")
    assert {line.strip() for line in found} - {""} == VISIBLE, found
    for line in HIDDEN:
        assert re.search(line, host.console.text), f"the boot log does not say: {line}"


def memory_of(host: Host, name: str) -> int:
    """Where the 16 MiB of the guest are in its VMM."""
    for first, last in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", host.shell(f"cat /proc/$(cat /tmp/{name}.pid)/maps"), re.M):
        if int(last, 16) - int(first, 16) == 16 << 20:
            return int(first, 16)
    raise AssertionError("the VMM has no mapping of 16 MiB")


def steal(host: Host, name: str, options: str) -> tuple[int, int]:
    """Start a guest, aim the engine (10 transfers a second) at its secret: (pages, pages in which it was found)."""
    host.start_vm(name, f"{options} {GUEST}")
    shown = host.vm_says(name, r"secret pattern 0x([0-9a-f]+) at 0x([0-9a-f]+)")
    pattern, offset = int(shown[1], 16), int(shown[2], 16) - GUEST_RAM
    host.vm_says(name, "secret intact")
    word = struct.unpack("<Q", payloads.secret_words(pattern)[:8])[0]
    said = host.shell(f"edu_dma steal $(cat /tmp/{name}.pid) {memory_of(host, name) + offset:x} {PAGES << 12} {word:x}", 120)
    found = re.search(r"edu_dma steal: (\d+) pages, (\d+) with the word", said)
    assert found, said
    return int(found[1]), int(found[2])


def guests_are_out_of_reach(host: Host) -> None:
    assert "edu_dma works" in host.shell("edu_dma probe")
    pages, stolen = steal(host, "ordinary", "")
    assert stolen == PAGES, f"the control finds the secret in {stolen} of {pages} pages of an ordinary guest"
    host.vm_ends("ordinary")
    assert "FAIL" in host.vm_log("ordinary"), host.vm_log("ordinary")
    before = stopped(host)
    pages, stolen = steal(host, "protected", "--protected")
    assert stolen == 0 and pages == PAGES, f"the secret was read in {stolen} of {pages} pages"
    events = stopped(host) - before
    assert events > 0, "no access was stopped"
    # The guest looks at all its memory once a second.
    looks = host.vm_log("protected").count("secret intact")
    host.shell("sleep 3")
    assert host.vm_log("protected").count("secret intact") > looks, host.vm_log("protected")
    host.shell("kill $(cat /tmp/protected.pid)")
    host.vm_ends("protected")


def stopped(host: Host) -> int:
    return int(host.shell("cat /sys/kernel/redoubt/dma_stopped"))


def disks_work_while_guests_come_and_go(host: Host) -> None:
    """Pages leave the host's stage 2 and return while the disks do DMA next to them: nothing is lost."""
    before = stopped(host)
    host.shell("(while [ ! -e /tmp/enough ]; do redoubt run --protected --kernel /guest-hello.bin --memory 32M </dev/null; done >/tmp/cycles.log 2>&1 &)")
    for disk in ("/dev/nvme0n1", "/dev/vda"):
        said = host.shell(f"dd if=/dev/urandom of=/tmp/content bs=1M count={DISK_MIB} 2>/dev/null; sha256sum </tmp/content;"
                          f"dd if=/tmp/content of={disk} bs=1M conv=fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; sha256sum <{disk}; rm /tmp/content", 300)
        sums = re.findall(r"^([0-9a-f]{64})", said, re.M)
        assert len(sums) == 2 and sums[0] == sums[1], f"{disk}: {said}"
    host.shell("touch /tmp/enough")
    lives = host.shell("cat /tmp/cycles.log").count("guest hello")
    assert lives > 2, f"{lives} guests lived meanwhile"
    assert stopped(host) == before, "an access of the host's own devices was stopped"


def run(rig) -> None:
    tree = rig.host_initramfs(PREPARE)
    payloads.add_to(tree, rig)
    tree.modules(rig.kernel("6.12"), *MODULES)
    tree.program(rig.program("edu_dma"))
    content = random.Random(20251).randbytes(1 << 20) * DISK_MIB
    with rig.start(rig.machine(tree, iommu="smmuv3", extra=devices(rig, content))) as console:
        host = Host.up(console)
        seen_functions(host)
        guests_are_out_of_reach(host)
        disks_work_while_guests_come_and_go(host)
        host.check_clean()
        host.power_off()
