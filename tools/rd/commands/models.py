# SPDX-License-Identifier: Apache-2.0
from rd import litmus, spin
from rd.log import RdError

HELP = "check the models of barriers and of locks"
DESCRIPTION = """proofs/litmus with herd7, Arm's memory model as a program: each sequence of barriers and TLB maintenance in EL2 forbids
what it is there to forbid, and allows it without any one of its instructions, unless the file says why not. proofs/spin with Spin:
the lock, TLBs with VMIDs, runs of vCPUs and the end of a VM on several CPUs, and mutants of the model that must be refuted.
That the models are of our code is held by ./rd check (barriers) and by the unit tests (steps of each call).
herd7 comes from Debian sid, unpacked into the cache; without it the litmus files are skipped. About half a minute."""
NEEDS = ("setup",)


def arguments(parser) -> None:
    parser.add_argument("--litmus", action="store_true", help="only the litmus files")
    parser.add_argument("--spin", action="store_true", help="only the Spin models")
    parser.add_argument("--verbose", action="store_true", help="show what each variant of a litmus file allows")


def run(args) -> int:
    both = args.litmus == args.spin
    tallies = [litmus.run(args.verbose)] if both or args.litmus else []
    tallies += [spin.run()] if both or args.spin else []
    done = [tally for tally in tallies if tally is not None]
    if not done:
        raise RdError("nothing could be checked")
    passed, failed = sum(t.passed for t in done), sum(t.failed for t in done)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
