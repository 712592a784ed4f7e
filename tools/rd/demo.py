# SPDX-License-Identifier: Apache-2.0
"""The demonstration: one machine, from power-on to a protected guest that its host cannot read."""
import re
import time
from collections.abc import Callable

from rd import linux_guest
from rd.host import Host, add_tools
from rd.initramfs import POWER_OFF, SHELL, Initramfs
from rd.log import RdError, say
from rd.rig import Rig

HOST, GUEST = "6.12", "7"
DISK_MIB = 16
GUEST_MEMORY = "256M"
LINUX = f"--protected --kernel /Image --initrd /guest.cpio --memory {GUEST_MEMORY} --cpus 2 --cmdline quiet"
# Its last act is an echo: what is typed comes back through the guest's console.
GUEST_BODY = linux_guest.DISK.format(mib=DISK_MIB) + """read typed; echo "guest read: $typed"
"""

# A line of `redoubt attack` and the one below it, or its end.
ATTACK_ROW = (r"^(?:(defended|HOLE|control|CONTROL FAILED|skipped) +(\S+: \S+|\S+) .*\r?\n +expected: .*; observed: (.*?)|"
              r"rd_attack=(\d+))\r?\n")


class Table:
    """Steps as they happen: seconds since power-on, verdict, what was seen."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.failed = 0

    def step(self, title: str, action: Callable[[], str]) -> None:
        try:
            verdict, seen = "PASS", action()
        except (RdError, AssertionError) as error:
            verdict, seen = "FAIL", str(error)
            self.failed += 1
        first, *more = seen.splitlines() or [""]
        print(f"{time.monotonic() - self.started:6.1f} s  {verdict}  {title}: {first}", flush=True)
        for line in more:
            print(f"                  {line}", flush=True)


class Demo:
    def __init__(self, host: Host):
        self.host = host
        self.before: dict[str, int] = {}

    def power_on(self) -> str:
        """The hypervisor's own words on the serial port, then the host's shell."""
        console = self.host.console
        console.wait(r"redoubt: .*entering the host at EL1", 30)
        console.wait(r"^# ", 60)
        lines = re.findall(r"^redoubt: (?!not given)(.*?)\r?$", console.text, re.M)
        hidden = len(re.findall(r"^redoubt: not given to the host", console.text, re.M))
        return "\n".join([f"the host has a shell; {hidden} kinds of devices were kept from it", *lines])

    def host_level(self) -> str:
        said = self.host.shell("uname -r; dmesg | grep -o 'CPU: All CPU.*'")
        expect("started at EL1" in said, said)
        return ", ".join(said.split("\n")).strip(" ,")

    def module(self) -> str:
        self.host.shell("test -c /dev/kvm")
        self.before = self.host.counters()
        expect(self.before["vms"] == 0 and self.before["pages_guest"] == 0, str(self.before))
        return "/dev/kvm is there"

    def payload(self) -> str:
        code, said = self.host.run_vm("--kernel /guest-hello.bin --memory 32M")
        counts = re.search(r"payload hello: (\d+) passed, (\d+) failed", said)
        expect(code == 0 and counts is not None and counts[2] == "0", said)
        return f"{counts[1]} checks passed"

    def secret(self, options: str, readable: bool) -> str:
        """Run the victim and read it. An ordinary VM must be readable: it shows that the reader can find anything."""
        self.host.start_vm("secret", f"{options} --kernel /guest-secret.bin --memory 16M --cmdline seconds=1000")
        pattern = self.host.vm_says("secret", r"secret pattern 0x([0-9a-f]+) at")[1]
        code, said = self.host.status(f"peek $(cat /tmp/secret.pid) {pattern}", 120)
        expect(code == (3 if readable else 0), f"peek answered {code}\n{said}")
        expect(readable or not re.search(r"VMM's own loads:.* 0 ended with SIGBUS", said), said)
        before = self.host.vm_log("secret").count("secret intact")
        self.host.shell("sleep 2")
        log = self.host.vm_log("secret")
        expect(log.count("secret intact") > before and "FAIL" not in log, log)
        self.host.shell("kill $(cat /tmp/secret.pid)")
        ended = self.host.vm_ends("secret")
        expect(ended == 128 + 15, f"VMM exit code {ended}")
        verdict = "the host finds the secret" if readable else "the host does not find it, the guest still has it"
        return "\n".join([verdict, *re.findall(r"^peek (.*)$", said, re.M)])

    def attacks(self) -> str:
        """The attack kit: every way a compromised host has of reaching a protected VM."""
        console = self.host.console
        self.host.shell("insmod /lib/redoubt_attack.ko")
        console.send("redoubt attack --payload /guest-secret.bin; echo rd_attack=$?")
        while (row := console.wait(ATTACK_ROW, 300))[4] is None:
            print(f"          {row[1]:<14}  {row[2]}: {row[3]}", flush=True)
        counts = re.findall(r"^\d+ attacks defended.*?\r?$", console.text, re.M)
        expect(row[4] == "0" and counts != [], f"redoubt attack: exit code {row[4]}")
        expect(" 0 skipped" in counts[-1], f"an attack that was not made proves nothing: {counts[-1].strip()}")
        self.host.shell("rmmod redoubt_attack")
        return counts[-1].strip()

    def linux(self) -> str:
        self.host.shell(f"dd if=/dev/urandom of=/tmp/disk bs=1M count={DISK_MIB} 2>/dev/null; mkfifo /tmp/keys")
        self.host.shell("(sleep 600 >/tmp/keys & echo $! >/tmp/keys.pid)")
        before = self.hash()
        self.host.start_vm("linux", f"{LINUX} --disk /tmp/disk", stdin="/tmp/keys")
        kernel = self.host.vm_says("linux", r"guest (\S+), 2 CPUs", 90)[1]
        rsi = self.host.vm_says("linux", r"RME: Using RSI version [0-9.]+")[0]
        written = self.host.vm_says("linux", r"disk read back: ([0-9a-f]{64})", 90)[1]
        self.host.shell("echo open sesame >/tmp/keys")
        self.host.vm_says("linux", r"guest read: open sesame")
        code = self.host.vm_ends("linux")
        log = self.host.vm_log("linux")
        self.host.shell("kill $(cat /tmp/keys.pid)")
        expect(code == 0, f"VMM exit code {code}\n{log}")
        expect(before in log, "the guest read something else than the host had written to the disk")
        expect(re.search(f"disk written: {written}", log) is not None, "the guest read back what it had not written")
        expect(self.hash() == written, "the host finds something else on the disk than the guest wrote")
        return f"{kernel}\n{rsi}\n{DISK_MIB} MiB read, written and read back: same hashes in guest and host\nconsole echoed, VMM exit code 0"

    def linux_console(self) -> str:
        """The same, but the terminal of whoever started the demonstration is the guest's console."""
        say("'./rd demo --script' makes nearly a hundred attacks on such a guest; here you have it to yourself")
        say("the console of the protected guest follows: poweroff -f ends it, or Ctrl-A x")
        self.host.console.send(f"redoubt run {LINUX}; echo vmm_ended=$?; stty sane")
        code = self.host.console.attach(r"vmm_ended=(\d+)\r?\n")[1]
        return f"VMM exit code {code}"

    def hash(self) -> str:
        return self.host.shell("sha256sum </tmp/disk").split()[0]

    def clean(self) -> str:
        after = self.host.counters()
        expect(after == self.before, f"before {self.before}\nafter  {after}")
        self.host.check_clean()
        return "every page is back, the host kernel has nothing to complain about"

    def power_off(self) -> str:
        self.host.power_off()
        return "QEMU ended"


def expect(condition: bool, seen: str) -> None:
    if not condition:
        raise RdError(seen)


def steps(demo: Demo, table: Table, script: bool) -> None:
    table.step("stock host kernel", demo.host_level)
    table.step("module redoubt.ko", demo.module)
    table.step("bare-metal payload, ordinary VM", demo.payload)
    table.step("secret in an ordinary VM", lambda: demo.secret("", readable=True))
    table.step("secret in a protected VM", lambda: demo.secret("--protected", readable=False))
    table.step("stock guest kernel, protected VM", demo.linux if script else demo.linux_console)
    if script:
        table.step("attack kit", demo.attacks)
    table.step("afterwards", demo.clean)
    table.step("power off", demo.power_off)


def host_tree(rig: Rig, script: bool) -> Initramfs:
    """The host: our module and program, the payloads, and a stock kernel with its disk tools as guest."""
    tree = rig.host_initramfs("ulimit -l unlimited", HOST)
    add_tools(tree)
    for name in ("hello", "secret"):
        tree.file(f"guest-{name}.bin", rig.payload(f"guest-{name}.bin"))
    tree.program(rig.program("peek"))
    tree.file("lib/redoubt_attack.ko", rig.module(HOST, "redoubt_attack"))
    tree.file("Image", rig.kernel(GUEST).image)
    tree.file("guest.cpio", linux_guest.initramfs(rig, GUEST, GUEST_BODY if script else "", POWER_OFF if script else SHELL))
    return tree


def run(script: bool) -> int:
    rig = Rig("demo")
    # Memory enough for the guest; the attack kit searches all of it three times.
    machine = rig.machine(host_tree(rig, script), HOST, memory="1G")
    say(f"power on: {machine.smp} CPUs {machine.cpu}, {machine.memory}, host kernel {rig.kernel(HOST).release}")
    table = Table()
    with rig.start(machine) as console:
        demo = Demo(Host(console))
        table.step("Redoubt takes EL2", demo.power_on)
        if not table.failed:
            steps(demo, table, script)
    print("demonstration: " + (f"{table.failed} steps FAILED" if table.failed else "every step showed what it must"), flush=True)
    return 1 if table.failed else 0
