# SPDX-License-Identifier: Apache-2.0
import random
import re

from rd import payloads
from rd.host import Host

NAME = "the host has its PCI devices, and none of them reaches a protected guest"
TIMEOUT = 900

MODULES = ("nvme", "virtio_pci", "virtio_blk")
DISK_MIB = 64
PREPARE = "ulimit -l unlimited\nload_modules\ninsmod /lib/redoubt_attack.ko"
# edu is a DMA engine that does what its driver says; the generator does not use the SMMU, and nobody looks behind a port.
VISIBLE = {"0x1b36 0x0008", "0x1b36 0x0010", "0x1af4 0x1042", "0x1234 0x11e8"}
HIDDEN = (r"PCI function 0x3\.0 \(0x10051af4\): its DMA goes past the SMMU",
          r"PCI function 0x4\.0 \(0xc1b36\): nobody looks at what is behind it")
ATTACKS = ("control-dma-own-page", "dma-guest-read", "dma-guest-write", "dma-el2-read", "dma-el2-write", "dma-after-donate")


# dbcs=off: with shadow doorbells QEMU's NVMe leaves its level interrupt up, on every machine without MSIs.
def devices(rig, bytes_) -> list[str]:
    disks = [rig.folder / "nvme.img", rig.folder / "virtio.img"]
    for disk in disks:
        disk.write_bytes(bytes_)
    drives = [part for n, disk in enumerate(disks) for part in ("-drive", f"if=none,id=d{n},format=raw,file={disk}")]
    return [*drives, "-device", "nvme,serial=rd,drive=d0,dbcs=off", "-device", "virtio-blk-pci,drive=d1,iommu_platform=on,disable-legacy=on",
            "-device", "virtio-rng-pci", "-device", "pcie-root-port,id=root_port,chassis=1", "-device", "edu,dma_mask=0xffffffffffff"]


def seen_functions(host: Host) -> None:
    found = host.shell("for i in /sys/bus/pci/devices/*; do echo $(cat $i/vendor $i/device); done").split("\n")
    assert {line.strip() for line in found} - {""} == VISIBLE, found
    for line in HIDDEN:
        assert re.search(line, host.console.text), f"the boot log does not say: {line}"


def guests_are_out_of_reach(host: Host) -> None:
    """The attacks by DMA, each with its control; every attempt is counted."""
    before = stopped(host)
    code, said = host.status(f"redoubt attack --payload /guest-secret.bin --only {','.join(ATTACKS)}", 200)
    counts = re.search(r"(\d+) attacks defended, 0 holes, (\d+) controls work, 0 controls failed, 0 skipped: ALL DEFENDED", said)
    assert code == 0 and counts and int(counts[2]) >= 2, said
    assert stopped(host) > before, "the SMMU reports nothing"


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


def a_reset_changes_nothing(host: Host) -> None:
    """The SMMU lets everything through when the machine comes up: Redoubt has it before the host runs."""
    console = host.console
    console.send("reboot -f")
    console.wait(r"SMMU at 0x9050000: every device behind it reaches what the host reaches", 60)
    console.wait(r"^# ", 90)
    said = host.shell("redoubt attack --payload /guest-secret.bin --only control-dma-own-page,dma-el2-read,dma-el2-write", 100)
    assert "ALL DEFENDED" in said, said


def run(rig) -> None:
    tree = rig.host_initramfs(PREPARE)
    payloads.add_to(tree, rig)
    tree.modules(rig.kernel("6.12"), *MODULES)
    tree.file("lib/redoubt_attack.ko", rig.module("6.12", "redoubt_attack"))
    content = random.Random(20251).randbytes(1 << 20) * DISK_MIB
    with rig.start(rig.machine(tree, iommu="smmuv3", reboot=True, extra=devices(rig, content))) as console:
        host = Host.up(console)
        seen_functions(host)
        guests_are_out_of_reach(host)
        disks_work_while_guests_come_and_go(host)
        host.check_clean()
        a_reset_changes_nothing(host)
        host.power_off()
