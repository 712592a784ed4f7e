# SPDX-License-Identifier: Apache-2.0
"""What LLVM assembly may not contain if a prover is to follow it. Works on the text of llvm-dis, one module each."""
import re
from dataclasses import dataclass, field

_DEFINE = re.compile(r"^define\b.*?(@[\w.$]+|@\"[^\"]+\")\(")
_CALLED = re.compile(r"\b(?:call|invoke|callbr)\b.*?([@%](?:[\w.$]+|\"[^\"]+\"))\(")
_GLOBAL = re.compile(r"^(@[\w.$]+|@\"[^\"]+\") = (.*)$")
_BODY_RULES = (
    (re.compile(r"\b(?:call|invoke|callbr)\b.*\basm\b"), "inline assembly"),
    (re.compile(r"\bvolatile\b"), "a volatile access"),
    (re.compile(r"\b(?:half|bfloat|float|double|fp128)\b"), "floating point"),
    (re.compile(r"<\d+ x [^>]+>"), "a vector"),
    (re.compile(r"\b(?:cmpxchg|atomicrmw|fence|load atomic|store atomic)\b"), "an atomic access"),
    (re.compile(r"\b(?:indirectbr|callbr|blockaddress)\b"), "a computed branch"),
    (re.compile(r"\b(?:invoke|landingpad|resume)\b"), "an exception"),
    (re.compile(r"= alloca [^,]+, i\d+ %"), "a stack array whose size is not constant"),
)
# Intrinsics without effect on anything but their operands, and the block operations the prover models.
_INTRINSICS = re.compile(r"@llvm\.(?:lifetime\.|dbg\.|assume|experimental\.noalias|expect|u?s?(?:min|max|add|sub|shl)\.|[us](?:add|sub|mul)"
                         r"\.with\.overflow|usub\.sat|uadd\.sat|ct(?:lz|tz|pop)\.|bswap\.|bitreverse\.|fsh[lr]\.|abs\.|is\.constant"
                         r"|mem(?:cpy|move|set)\.|trap|[us]cmp\.|umin\.|umax\.|smin\.|smax\.|load\.relative)")


@dataclass
class Module:
    """One module's functions: what each calls, and what is wrong with it."""
    calls: dict[str, set[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(text: str, optimised: bool = False) -> Module:
    """Of an optimised module casts are not judged: the optimiser merges the members of a union, Result<T*> for one, into an integer."""
    module, current = Module(), ""
    returned: set[str] = set()
    for line in text.splitlines():
        if line.startswith(("!", "attributes ", ";", "source_filename", "$")) or line.lstrip().startswith("#dbg_"):
            continue
        line = re.sub(r", !\w[\w.]* !.*$| c\"[^\"]*\"", "", line)
        if head := _DEFINE.match(line):
            current = head.group(1)
            module.calls[current] = set()
            returned = set()
        elif line.startswith("}"):
            current = ""
        elif current:
            _instruction(module, current, line)
            if not optimised:
                _cast(module, current, line, returned)
        elif (row := _GLOBAL.match(line)) and _mutable(row.group(2)):
            module.problems.append(f"{row.group(1)}: mutable state that no caller passed in")
    return module


def _cast(module: Module, function: str, line: str, returned: set[str]) -> None:
    """The one cast that is no fault: a class with a pointer for its only member comes back from a call as an integer."""
    if made := re.match(r"\s*(%[\w.]+) = (?:tail )?call i64 @", line):
        returned.add(made.group(1))
    if (cast := re.search(r"\binttoptr i\d+ (\S+) to\b", line)) and cast.group(1) not in returned or "inttoptr (" in line:
        module.problems.append(f"{function}: a pointer made from an integer: {line.strip()}")


def _mutable(definition: str) -> bool:
    words = definition.split('"')[0].split()
    return "global" in words and "external" not in words or "thread_local" in definition


def _instruction(module: Module, function: str, line: str) -> None:
    module.problems += [f"{function}: {what}: {line.strip()}" for rule, what in _BODY_RULES if rule.search(line)]
    if " asm " in line or not (called := _CALLED.search(line)):
        return
    if called.group(1).startswith("%"):
        module.problems.append(f"{function}: an indirect call: {line.strip()}")
    elif not _INTRINSICS.match(called.group(1)):
        module.calls[function].add(called.group(1))


def problems(modules: list[Module], allowed: re.Pattern[str]) -> list[str]:
    """Of modules that are linked together; `allowed`: names that may be called though none of them defines it."""
    calls: dict[str, set[str]] = {}
    for module in modules:
        for name, callees in module.calls.items():
            calls.setdefault(name, set()).update(callees)
    found = [problem for module in modules for problem in module.problems]
    for name, callees in calls.items():
        found += [f"{name}: calls {each}, which is not among the allowed functions" for each in sorted(callees)
                  if each not in calls and not allowed.fullmatch(each)]
    found += ["recursion: " + " -> ".join(cycle) for cycle in cycles(calls)]
    return sorted(set(found))


def cycles(calls: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of the call graph that have an edge inside (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []
    for start in calls:
        work = [(start, iter(sorted(calls[start])))] if start not in index else []
        while work:
            name, rest = work[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
            fresh = next((c for c in rest if c in calls and c not in index), None)
            if fresh is not None:
                work.append((fresh, iter(sorted(calls[fresh]))))
                continue
            work.pop()
            low[name] = min([low[name]] + [min(low[c], index[c]) for c in calls[name] if c in stack])
            if low[name] == index[name]:
                component = stack[stack.index(name):]
                del stack[stack.index(name):]
                if len(component) > 1 or name in calls[name]:
                    found.append(component)
    return found
