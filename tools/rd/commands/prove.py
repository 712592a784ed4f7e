# SPDX-License-Identifier: Apache-2.0
from rd import build, prove, prove_faults
from rd.log import RdError, say

HELP = "prove core's entry points on the bitcode the hypervisor is made of"
DESCRIPTION = """Compiles the hypervisor's translation units to bitcode, checks that this bitcode gives the very machine code that is
linked, and proves with Z3 that each entry point keeps the invariant of core/ownership from any state that satisfies it,
for any arguments, without undefined behaviour, and that a call that fails writes nothing. docs/proofs.md says what that
means and what it leaves out. The first run takes many minutes; results are cached by the code of each entry point.
With names: only those entry points. --list only lists them."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("name", nargs="*", help="entry points of core, for example mem_donate")
    parser.add_argument("--list", action="store_true", help="only list entry points and what is not proved")
    parser.add_argument("--minutes", type=float, default=60, help="give up on an entry point after so long (default 60)")
    parser.add_argument("--fresh", action="store_true", help="without results of earlier runs")
    parser.add_argument("--faults", action="store_true", help="instead plant faults in core, one at a time: each must be refuted")


def run(args) -> int:
    prover = prove.Prover(args.minutes)
    names = args.name or list(prover.entries)
    if unknown := [n for n in names if n not in prover.entries]:
        raise RdError(f"no proof of {', '.join(unknown)}; there are: {', '.join(prover.entries)}")
    if args.list:
        return _limits(prover, names)
    prover.test()
    build.preset("el2")
    if args.faults:
        return _faults(prover, names)
    say("bitcode")
    made = {source: prove.bitcode(source, prover.folder) for source in sorted({prover.entries[n] for n in names})}
    for source, file in made.items():
        if not prove.same_code(source, file):
            raise RdError(f"{source}: the bitcode does not give the machine code that is linked")
    results = []
    for name in names:
        say(f"proving {name}, for at most {args.minutes:g} minutes; Ctrl-C stops")
        results.append(prover.prove(name, made[prover.entries[name]], args.fresh))
        _show(results[-1])
    bad = sum(r.verdict != "proved" for r in results)
    _limits(prover, names)
    print(f"{len(results) - bad} proved, {bad} not")
    return 1 if bad else 0


def _faults(prover: prove.Prover, names: list[str]) -> int:
    missed = 0
    for fault in (f for f in prove_faults.FAULTS if f.entry in names):
        source = prover.entries[fault.entry]
        extra = ("-Wno-error", "-iquote", str(prove_faults.overlay(fault, prover.folder)))
        result = prover.prove(fault.entry, prove.bitcode(source, prover.folder, extra))
        seen = result.verdict == "refuted" and fault.says in result.first("why", "")
        missed += not seen
        print(f"{'refuted' if seen else 'MISSED':12}{fault.title}: {result.first('why', result.verdict)}{' (known)' if result.cached else ''}", flush=True)
    print(f"{missed} faults missed")
    return 1 if missed else 0


def _show(result: prove.Result) -> None:
    first = result.first
    print(f"{result.verdict:12}{result.name:16}{first('paths_ok'):>4} paths succeed {first('paths_error'):>5} fail {first('cases'):>6} cases "
          f"{first('queries'):>6} queries {first('blocks'):>4}/{first('blocks_of')} blocks {result.seconds:>7.0f} s{' (known)' if result.cached else ''}", flush=True)
    for why in result.fields.get("why", []):
        print(f"            {why}")
    for what in result.fields.get("left_out", []):
        print(f"            not proved for {what}")


def _limits(prover: prove.Prover, names: list[str]) -> int:
    print("entry points: " + ", ".join(names))
    print("proved everywhere: " + ", ".join(prover.goals))
    print("not proved:")
    for each in prover.limits:
        print(f"  {each}")
    return 0
