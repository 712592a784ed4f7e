# SPDX-License-Identifier: Apache-2.0
import re
import struct
from pathlib import Path

from rd import linux_guest, payloads
from rd.host import Host
from rd.log import RdError, note
from rd.pack import IMAGE_SIZE_AT, MAGIC
from rd.qemu import Machine

NAME = "what goes wrong is refused, with words that say what and why"
TIMEOUT = 900

HELLO = "--kernel /guest-hello.bin"
# Requests that KVM must refuse; processes that end before their VM's files; eventfds, signals and memory slots.
KVM_PROGRAMS = ("kvm_errors", "kvm_ends", "kvm_events")
# What is tried, `redoubt run` options, exit code, what the message must say.
REFUSED = (
    ("kernel missing", "--kernel /none", 1, r"cannot open the kernel /none: No such file"),
    ("kernel empty", "--kernel /empty", 1, r"the kernel /empty is empty"),
    ("kernel is text", "--kernel /init", 1, r"not an arm64 Linux Image"),
    ("kernel of random bytes", "--kernel /noise", 1, r"not an arm64 Linux Image"),
    ("kernel compressed", "--kernel /noise.gz", 1, r"gzip-compressed; unpack it first"),
    ("kernel header damaged", "--kernel /damaged.bin", 1, r"header is damaged"),
    ("initrd missing", f"{HELLO} --initrd /none", 1, r"cannot open the initrd /none: No such file"),
    ("initrd is a folder", f"{HELLO} --initrd /tmp", 1, r"the initrd /tmp is not a regular file"),
    ("initrd empty", f"{HELLO} --initrd /empty", 1, r"the initrd /empty is empty"),
    ("initrd too big for the memory", f"{HELLO} --initrd /huge --memory 16M", 1, r"too little: kernel .* need at least"),
    ("config missing", "--config /none", 1, r"cannot open the configuration file /none"),
    ("config not JSON", "--config /init", 1, r"/init: not JSON"),
    ("config with an unknown key", "--config /unknown.json", 1, r'unknown key "kernal"'),
    ("config with a wrong type", "--config /type.json", 1, r'"cpus" has a value of the wrong type'),
    ("memory without a size", f"{HELLO} --memory much", 1, r"write a size like 256M"),
    ("too many CPUs", f"{HELLO} --cpus 4000", 1, r"at least 1|too many"),
    ("unknown option", f"{HELLO} --colour red", 2, r"--colour"),
    ("disk missing", f"{HELLO} --disk /none", 1, r"cannot open the disk /none: No such file"),
    ("disk on a read-only file system", f"{HELLO} --disk /ro/disk", 1, r"/ro/disk: Read-only file system \(add ,ro"),
    ("disk that another VM uses", f"{HELLO} --disk /tmp/shared", 1, r"/tmp/shared is in use by another VM"),
    ("a kernel without RSI", "--protected --kernel /Image-6.12 --memory 256M", 4, r"not a realm kernel.*6\.13 or newer"),
)
PREPARE = """echo "user:x:1000:1000::/:/bin/sh" >/etc/passwd
ulimit -l unlimited
: >/empty; dd if=/dev/urandom of=/noise bs=64k count=1 2>/dev/null; gzip -k /noise
cp /guest-hello.bin /damaged.bin; printf '\\377\\377\\377\\377' | dd of=/damaged.bin bs=1 seek=12 conv=notrunc 2>/dev/null
truncate -s 64M /huge
echo '{"kernal": "/x"}' >/unknown.json; echo '{"kernel": "/x", "cpus": "two"}' >/type.json
mkdir /ro; mount -t tmpfs ro /ro; truncate -s 1M /ro/disk; mount -o remount,ro /ro
truncate -s 1M /tmp/shared; chmod 666 /dev/kvm
"""
SHRINK = """echo "guest ready"; read typed
dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null || echo "disk error seen"
dd if=/dev/vda of=/dev/null bs=64k count=1 2>/dev/null && echo "rest readable"
"""


def check(title: str, wanted: tuple[int, str], code: int, said: str) -> list[str]:
    if code == wanted[0] and re.search(wanted[1], said):
        return []
    return [f"{title}: exit code {code}, expected {wanted[0]} and /{wanted[1]}/:\n{said}"]


def memlock(host: Host) -> list[str]:
    """A user who may not lock enough memory."""
    code, said = host.status("(ulimit -l 8192; start-stop-daemon -S -c user -x /bin/redoubt -- run --protected "
                             f"{HELLO} --memory 64M </dev/null 2>&1)")
    return check("memlock too small", (1, r"64 MiB locked .* only 8 MiB \(RLIMIT_MEMLOCK\).*ulimit -l"), code, said)


def shrinking_disk(host: Host) -> list[str]:
    host.shell("dd if=/dev/urandom of=/tmp/disk bs=1M count=4 2>/dev/null; mkfifo /tmp/keys; (exec sleep 10000 >/tmp/keys) & :")
    host.start_vm("shrink", "--kernel /Image-6.12 --initrd /guest-6.12.cpio --memory 256M --cmdline quiet --disk /tmp/disk", "/tmp/keys")
    host.vm_says("shrink", "^guest ready", 120)
    host.shell("truncate -s 1M /tmp/disk; echo go >/tmp/keys")
    code = host.vm_ends("shrink")
    log = host.vm_log("shrink")
    return check("disk shrinks", (0, r"(?s)disk error seen.*rest readable"), code, log)


def without_hypervisor(rig) -> list[str]:
    tree = rig.host_initramfs("", load=False)
    with rig.start(rig.plain_machine(tree, el2=False), "plain") as console:
        host = Host.up(console)
        code, said = host.status("insmod /lib/redoubt.ko 2>&1; code=$?; dmesg | tail -n 3; (exit $code)")
        wrong = check("module without Redoubt", (19, r"no hypervisor found: boot the machine through redoubt.img"), code, said)
        code, said = host.run_vm("--kernel /init")
        wrong += check("VMM without a hypervisor", (1, r"/dev/kvm does not exist: load the KVM module"), code, said)
        host.power_off()
    return wrong


def greedy_image(rig) -> Path:
    """Redoubt with a kernel whose header claims nearly all of a machine with 1 GiB."""
    image = bytearray(rig.image().read_bytes())
    kernel = struct.unpack_from("<Q", image, image.find(MAGIC) + len(MAGIC))[0]
    struct.pack_into("<Q", image, IMAGE_SIZE_AT, 1020 << 20)
    struct.pack_into("<Q", image, kernel + IMAGE_SIZE_AT, (1020 << 20) - kernel)
    out = rig.folder / "greedy.img"
    out.write_bytes(image)
    return out


def wrong_boots(rig) -> list[str]:
    """Machines that Redoubt cannot work on: it must say so on the serial port."""
    wrong = []
    cases = (("started at EL1", rig.image(), {"el2": False}, r"redoubt: started at EL1, but a hypervisor needs EL2"),
             ("too little memory", greedy_image(rig), {"memory": "1G"}, r"too little memory for the hypervisor's carve-out"))
    for title, image, options, message in cases:
        machine = Machine(image, fatal=(), **options)
        with rig.start(machine, title.replace(" ", "-")) as console:
            try:
                console.wait(message, 30)
            except RdError as error:
                wrong.append(f"{title}: {error}")
    return wrong


def on_a_host(rig) -> list[str]:
    tree = rig.host_initramfs(PREPARE)
    payloads.add_to(tree, rig)
    for program in KVM_PROGRAMS:
        tree.program(rig.program(program))
    tree.file("Image-6.12", rig.kernel("6.12").image)
    tree.file("guest-6.12.cpio", linux_guest.initramfs(rig, "6.12", SHRINK))
    with rig.start(rig.machine(tree)) as console:
        host = Host.up(console)
        before = host.counters()
        host.start_vm("owner", "--kernel /guest-secret.bin --memory 16M --cmdline seconds=10000 --disk /tmp/shared")
        host.vm_says("owner", "secret intact")
        wrong = []
        for title, options, code, message in REFUSED:
            wrong += check(title, (code, message), *host.run_vm(options, 120))
        host.shell("kill $(cat /tmp/owner.pid)")
        host.vm_ends("owner")
        wrong += memlock(host) + shrinking_disk(host)
        for program in KVM_PROGRAMS:
            wrong += check(program, (0, ""), *host.status(program, 300))
        after = host.counters()
        wrong += [] if after == before else [f"counters before {before}, after {after}"]
        wrong += host.complaints()
        host.power_off()
    return wrong


def run(rig) -> None:
    wrong = on_a_host(rig) + without_hypervisor(rig) + wrong_boots(rig)
    for line in wrong:
        note(line)
    assert not wrong, f"{len(wrong)} answers are wrong, the first: {wrong[0]}"
