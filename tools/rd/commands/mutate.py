# SPDX-License-Identifier: Apache-2.0
from rd import mutate
from rd.log import say

HELP = "change core/ and the specification a little, one place at a time: is it noticed?"
DESCRIPTION = """Plants mutants in a copy of the tree: conditions negated, statements left out, errors exchanged, in what of core/ runs
at EL2 and in all of proofs/spec. One build holds them all. Each is switched on in turn, and the explorer has to find a
difference between core and specification within 5 seconds for each of its two small machines. What lives is listed: a
test is missing, or nobody can see the difference (proofs/mutants/equivalent.txt says why)."""
NEEDS = ("setup",)


def arguments(parser) -> None:
    parser.add_argument("--sample", type=int, default=500, help="mutants of core/ (default 500, or all there are); of the specification always all")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--list", action="store_true", help="only list them")


def run(args) -> int:
    chosen = mutate.sample(args.sample, args.seed)
    if args.list:
        for number, each in chosen.items():
            print(f"{number:5} {each.file}:{each.line}: {each.what}")
        return 0
    say(f"building {len(chosen)} mutants")
    chosen = mutate.build(chosen)
    verdicts = mutate.run(chosen)
    known = mutate.equivalent()
    alive = [v for v in verdicts if not v.killed_by]
    unexplained = [v for v in alive if f"{v.mutant.file}: {v.mutant.what}" not in known]
    for verdict in unexplained:
        print(f"alive {verdict.number:5} {verdict.mutant.file}:{verdict.mutant.line}: {verdict.mutant.what}")
    explained = len(verdicts) - len(unexplained)
    print(f"{len(verdicts)} mutants, {len(verdicts) - len(alive)} killed, {len(alive) - len(unexplained)} alive and equivalent, {len(unexplained)} alive: "
          f"{100 * explained / len(verdicts):.1f} %")
    return 0 if explained >= 0.98 * len(verdicts) else 1
