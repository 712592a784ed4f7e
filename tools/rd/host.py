# SPDX-License-Identifier: Apache-2.0
"""A host that is up: what the demonstration and the scenarios ask it, and the promises it must keep at all times."""
import re
import shlex

from rd.console import Console, ConsoleError
from rd.initramfs import Initramfs
from rd.log import RdError

COUNTERS = ("vms", "pages_guest", "pages_hyp", "pages_borrowed", "pool_free")
# An unmodified kernel must not notice anything wrong, whatever VMs and attackers do.
COMPLAINTS = r"WARNING:|BUG:|Oops|Call trace:|Unable to handle kernel|soft lockup|rcu: INFO: .* stall|unexpected exception"
TAINT_OUT_OF_TREE = 1 << 12 | 1 << 13   # O, and E: not signed


# Commands of the host for VMs in the background.
TOOLS = {
    "vm_start": """name=$1 stdin=$2; shift 2; rm -f /tmp/$name.*
(redoubt run "$@" <$stdin >/tmp/$name.log 2>&1 & echo $! >/tmp/$name.pid; wait $!; echo $? >/tmp/$name.end
 mv /tmp/$name.end /tmp/$name.code) </dev/null >/dev/null 2>&1 &
until [ -s /tmp/$name.pid ]; do sleep 0.1; done
""",
    "vm_says": """while :; do
    [ -e /tmp/$1.code ] && ended=1
    grep -m1 -E "$2" /tmp/$1.log && exit 0
    [ "$ended" ] && exit 1
    sleep 0.3
done
""",
    "vm_ends": "until [ -e /tmp/$1.code ]; do sleep 0.3; done; cat /tmp/$1.code\n",
}


def add_tools(tree: Initramfs) -> None:
    """What Host needs in the host's file system."""
    for name, text in TOOLS.items():
        tree.file(f"bin/{name}", f"#!/bin/sh\n{text}".encode(), 0o755)


class Host:
    """Wraps the console of a machine made with Rig.host_initramfs and add_tools()."""

    def __init__(self, console: Console):
        self.console = console

    @classmethod
    def up(cls, console: Console, timeout: float = 90) -> "Host":
        """Wait for the shell of the host's init script."""
        console.wait(r"^# ", timeout)
        return cls(console)

    def shell(self, command: str, timeout: float = 60, check: bool = True) -> str:
        return self.console.shell(command, timeout, check)

    def status(self, command: str, timeout: float = 60) -> tuple[int, str]:
        """(exit code, output) of a command."""
        output = self.shell(f"{command}; echo code=$?", timeout)
        text, _, code = output.rstrip().rpartition("code=")
        return int(code), text

    def counters(self) -> dict[str, int]:
        """EL2's own numbers."""
        output = self.shell("cd /sys/kernel/redoubt; grep -H . " + " ".join(COUNTERS) + "; cd /")
        found = {name: int(value) for name, value in re.findall(r"^(\w+):(\d+)$", output, re.M)}
        if set(found) != set(COUNTERS):
            raise RdError(f"/sys/kernel/redoubt is not complete:\n{output}")
        return found

    def start_vm(self, name: str, options: str, stdin: str = "/dev/null") -> None:
        """`redoubt run` in the background. Output goes to /tmp/<name>.log, the exit code to /tmp/<name>.code."""
        self.shell(f"vm_start {name} {stdin} {options}")

    def vm_says(self, name: str, pattern: str, timeout: float = 60) -> re.Match:
        """Wait until a VM of start_vm() printed an extended regular expression; answers the match."""
        found, output = self.status(f"vm_says {name} {shlex.quote(pattern)}", timeout)
        match = re.search(pattern, output, re.M)
        if found != 0 or match is None:
            raise ConsoleError(f"VM {name} never said /{pattern}/:\n{self.vm_log(name)}")
        return match

    def vm_log(self, name: str) -> str:
        return self.shell(f"cat /tmp/{name}.log")

    def vm_ends(self, name: str, timeout: float = 60) -> int:
        """Wait for the end of a VM of start_vm(); answers the VMM's exit code."""
        return int(self.shell(f"vm_ends {name}", timeout))

    def run_vm(self, options: str, timeout: float = 60) -> tuple[int, str]:
        """`redoubt run` to its end: (exit code, everything it printed)."""
        return self.status(f"redoubt run {options} </dev/null 2>&1", timeout)

    def complaints(self) -> list[str]:
        """What the kernel log or the taint flags say that they must not."""
        found = [line for line in self.shell("dmesg").splitlines() if re.search(COMPLAINTS, line)]
        taint = int(self.shell("cat /proc/sys/kernel/tainted")) & ~TAINT_OUT_OF_TREE
        return found + ([f"the kernel is tainted: {taint:#x}"] if taint else [])

    def check_clean(self) -> None:
        found = self.complaints()
        if found:
            raise RdError("the host kernel complains:\n" + "\n".join(found))

    def power_off(self) -> None:
        self.console.send("poweroff -f")
        code = self.console.wait_exit(30)
        if code != 0:
            raise RdError(f"QEMU ended with {code}")
