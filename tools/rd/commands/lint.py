# SPDX-License-Identifier: Apache-2.0
import json

from checks import tree
from rd import build, paths, proc
from rd.log import RdError, say

HELP = "clang-tidy over files (default: those changed since the last commit)"
DESCRIPTION = """Runs clang-tidy-19 with the tree's .clang-tidy on the given files, with the flags of the preset that compiles them.
--all takes every file; that takes minutes."""
NEEDS = ("setup", "fetch")


def arguments(parser) -> None:
    parser.add_argument("file", nargs="*", help="source files, from the root of the tree")
    parser.add_argument("--all", action="store_true", help="every .cpp file")


def run(args) -> int:
    wanted = set(args.file) or _candidates(args.all)
    failed = 0
    for preset in ("el2", "native", "arm64"):
        folder = build.preset(preset)
        known = {entry["file"].removeprefix(f"{paths.ROOT}/") for entry in json.loads((folder / "compile_commands.json").read_text())}
        for name in sorted(wanted & known):
            say(f"clang-tidy {name} ({preset})")
            try:
                proc.run(["clang-tidy-19", "--quiet", "-p", folder, paths.ROOT / name], cwd=paths.ROOT, what=f"clang-tidy {name}")
            except RdError:
                failed += 1
        wanted -= known
    return 1 if failed else 0


def _candidates(everything: bool) -> set[str]:
    if everything:
        return {name for name in tree.cxx_files(paths.ROOT) if name.endswith(".cpp")}
    return set(proc.capture(["git", "diff", "--name-only", "HEAD"], cwd=paths.ROOT).split())
