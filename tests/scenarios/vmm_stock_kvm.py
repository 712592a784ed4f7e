# SPDX-License-Identifier: Apache-2.0
from rd.qemu import Machine

NAME = "redoubt run on a stock KVM: console, disks, exit codes, errors that tell the cure"
TIMEOUT = 600
SLOW = True  # the VMM alone, on a hypervisor that is not ours

GUEST = """
load_modules
echo guest-up on $(nproc) CPUs, disk $(cat /sys/block/vda/serial)
"""
GUEST_MODULES = ("virtio_mmio", "virtio_blk", "virtio-rng")
RUN = "redoubt run --kernel /Image --initrd /guest.cpio --cmdline quiet"


def make_host(rig):
    kernel = rig.kernel()
    guest = rig.initramfs(GUEST)
    guest.modules(kernel, *GUEST_MODULES)
    tree = rig.initramfs("chmod 666 /dev/kvm")
    tree.program(rig.program("redoubt"))
    tree.file("Image", kernel.image)
    tree.file("guest.cpio", guest.write(rig.folder / "guest.cpio"))
    tree.file("hello.bin", rig.payload("guest-hello.bin"))
    tree.file("virtio.bin", rig.payload("guest-virtio.bin"))
    tree.file("etc/passwd", b"nobody:x:65534:65534::/:/bin/sh\n")
    return rig.plain_machine(tree)


def check_linux_on_the_terminal(host) -> None:
    """A shell in the guest, on the terminal; Ctrl-A x ends the VM and gives the terminal back."""
    host.shell("yes disk | dd of=/tmp/disk.img bs=1M count=4 2>/dev/null")
    host.send(f"{RUN} --cpus 2 --disk /tmp/disk.img,id=first; echo code $?")
    host.wait(r"^guest-up on 2 CPUs, disk first", timeout=120)
    host.send("echo typed $((6 * 7)); dd if=/dev/vda bs=5 count=1 2>/dev/null; dd if=/dev/hwrng bs=8 count=1 2>/dev/null | wc -c")
    host.wait(r"^typed 42\r*\ndisk\r*\n8\r*$")
    host.send("\x01x")
    host.wait(r"redoubt: ended by Ctrl-A x\r*\ncode 0")
    state = host.shell("stty -a", check=False)
    assert "isig icanon" in state and "-echo " not in state, "the terminal was left raw"


def check_endings(host) -> None:
    """How the guest ends is how the program ends."""
    for command, code, text in (("reboot -f", 3, "asked for a reset"), ("echo c >/proc/sysrq-trigger", 4, "kernel panicked.*sysrq"),
                                ("poweroff -f", 0, "# poweroff -f")):
        host.send(f"{RUN} --no-rng; echo code $?")
        host.wait(r"^guest-up on 1 CPUs", timeout=120)
        host.send(command)
        host.wait(text, timeout=60)
        host.wait(rf"code {code}")
    host.shell(f"{RUN} </dev/null >/dev/null 2>&1 & sleep 2; kill $!; wait $!; test $? = 143", timeout=60)


def check_payload_and_files(host) -> None:
    host.shell("dd if=/dev/zero of=/tmp/disk.img bs=1M count=4 2>/dev/null")
    host.shell("redoubt run --kernel /hello.bin --memory 16M --console /tmp/log </dev/null")
    assert "0 failed" in host.shell("cat /tmp/log")
    assert "payload" not in host.shell("redoubt run --kernel /hello.bin --memory 16M --console none </dev/null")
    host.shell("echo '{\"kernel\": \"/hello.bin\", \"memory\": \"32M\", \"cpus\": 2}' >/tmp/vm.json")
    assert "cpus 2" in host.shell("redoubt run --config /tmp/vm.json </dev/null")
    assert "cpus 1" in host.shell("redoubt run --config /tmp/vm.json --cpus 1 </dev/null")
    hostile = host.shell("redoubt run --kernel /virtio.bin --memory 64M --disk /tmp/disk.img,ro </dev/null")
    assert "15 passed, 0 failed" in hostile, hostile


def check_errors(host) -> None:
    """(command, what the message must say)"""
    refused = (
        ("redoubt run --kernel /nothing", "cannot open the kernel /nothing"),
        ("redoubt run --kernel /bin/busybox", "ELF"),
        ("redoubt run --kernel /Image --memory 16M", "need at least"),
        ("redoubt run --kernel /Image --cpus 500", "too many"),
        ("redoubt run --kernel /Image --protected", "cannot run protected VMs"),
        ("redoubt run --kernel /Image --disk /Image,ro --disk /none", "cannot open the disk /none"),
        ("redoubt run --kernel /Image --memory 999999G", "is too much"),
        ("su nobody -c 'ulimit -l 1024; redoubt run --kernel /Image --protected'", "ulimit -l unlimited"),
        ("chmod 600 /dev/kvm; su nobody -c 'redoubt run --kernel /Image'", "no permission"),
    )
    for command, text in refused:
        said = host.shell(f"{command} </dev/null 2>&1; test $? = 1")
        assert text in said, said
    host.shell(f"{RUN} --disk /tmp/disk.img </dev/null >/dev/null 2>&1 & sleep 2")
    assert "in use by another VM" in host.shell(f"{RUN} --disk /tmp/disk.img,ro </dev/null 2>&1; test $? = 1; kill %1")


def run(rig) -> None:
    machine: Machine = make_host(rig)
    machine.fatal = (r"el2: panic",)  # one guest panics on purpose
    with rig.start(machine) as host:
        host.wait(r"^# ", timeout=120)
        check_payload_and_files(host)
        check_linux_on_the_terminal(host)
        check_endings(host)
        check_errors(host)

