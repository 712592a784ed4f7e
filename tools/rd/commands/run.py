# SPDX-License-Identifier: Apache-2.0
from rd.rig import Rig
from rd.log import say

HELP = "boot a host on Redoubt and give you its shell"
DESCRIPTION = """Starts QEMU with Redoubt and a stock Debian kernel on top of it; redoubt.ko is loaded and the redoubt program is
in /bin. The terminal is the serial port: Ctrl-A X ends the machine, "poweroff -f" too."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("--series", default="6.12", help="host kernel series: 6.12 (default) or 7")
    parser.add_argument("--cpu", default="neoverse-n1", help="QEMU CPU model")
    parser.add_argument("--smp", type=int, default=2, help="number of CPUs")
    parser.add_argument("--memory", default="2G", help="RAM of the machine")
    parser.add_argument("--append", default="", help="added to the host's command line")
    parser.add_argument("--plain", action="store_true", help="without Redoubt, for comparison")


def run(args) -> int:
    rig = Rig("run")
    options = {"cpu": args.cpu, "smp": args.smp, "memory": args.memory}
    if args.plain:
        machine = rig.plain_machine(rig.initramfs(""), args.series, args.append, **options)
    else:
        machine = rig.machine(rig.host_initramfs("", args.series), args.series, args.append, **options)
    say("Ctrl-A X ends the machine")
    return machine.interactive()
