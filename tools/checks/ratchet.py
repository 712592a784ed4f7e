# SPDX-License-Identifier: Apache-2.0
"""Files of at most 300 lines, functions of at most 40. What is longer is listed, with its length, and may only shrink."""
import ast
import json
import re
from pathlib import Path

from checks import tree

NAME = "size of files and functions"
FILE_LINES, FUNCTION_LINES = 300, 40
LIST = "tools/checks/allow/long.json"
_KEYWORDS = {"if", "for", "while", "switch", "catch", "constexpr", "return", "sizeof", "alignof", "do", "else", "namespace"}
# What may stand between the parameter list of a function and its body.
_TAIL = re.compile(r"(?:const|noexcept|override|final|mutable|&&?|RD_[A-Z_]+|requires\b[^{;]*|->[^{;]*|:[^{;]*|\[\[[^\]]*\]\]|\s|\([^()]*\))*$")
_HEAD = re.compile(r"([A-Za-z_~][\w:~]*|operator\s*[^\s\w(]+|operator\s*\(\s*\))\s*\((?=[^(]*|.*)")


def problems(root: Path) -> list[str]:
    listed = _listed(root)
    found = []
    for what, length, limit in measured(root):
        allowed = max(limit, listed.get(what, 0))
        if length > allowed:
            found.append(f"{what}: {length} lines, at most {allowed}")
    return found


def bless(root: Path) -> None:
    """Write the list anew; it may not grow."""
    old, new = _listed(root), {what: length for what, length, limit in measured(root) if length > limit}
    kept = {what: min(length, old[what]) for what, length in new.items() if what in old}
    (root / LIST).write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def measured(root: Path) -> list[tuple[str, int, int]]:
    """(file or file:function, its lines, its limit)"""
    rows = []
    for name in tree.files(root):
        if "/testdata/" in name or not name.endswith((*tree.CXX_SUFFIXES, ".S", ".py", ".sh", ".cmake", ".def")):
            continue
        text = (root / name).read_text(errors="replace")
        rows.append((name, text.count("\n"), FILE_LINES))
        functions = python_functions(text) if name.endswith(".py") else cxx_functions(text) if name.endswith(tree.CXX_SUFFIXES) else []
        rows += [(f"{name}:{function}", length, FUNCTION_LINES) for function, length in functions]
    return rows


def python_functions(text: str) -> list[tuple[str, int]]:
    return [(node.name, node.end_lineno - node.lineno + 1) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def cxx_functions(text: str) -> list[tuple[str, int]]:
    """(name, lines) of each function body, lambdas counted with the function around them."""
    text = re.sub(r"^[ \t]*#.*?(?<!\\)$", "", tree.bare(text), flags=re.M | re.S)
    found, open_braces = [], []
    for match in re.finditer(r"[{}]", text):
        if match.group() == "{":
            open_braces.append((_function_before(text, match.start()), match.start()))
        elif open_braces:
            head, _ = open_braces.pop()
            if head:
                name, start = head
                found.append((name, text.count("\n", start, match.start()) + 1))
    return found


def _function_before(text: str, brace: int) -> tuple[str, int] | None:
    """(name, where its name stands) if the brace opens a function body."""
    begin = max(text.rfind(c, 0, brace) for c in ";{}") + 1
    head = text[begin:brace]
    for match in _HEAD.finditer(head):
        name = match.group(1).strip()
        close = _closing(head, match.end() - 1)
        if name in _KEYWORDS or name.startswith("RD_"):
            return None
        if close is not None and _TAIL.fullmatch(head[close + 1:]):
            return name, begin + match.start()
    return None


def _closing(text: str, at: int) -> int | None:
    depth = 0
    for index in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return None


def _listed(root: Path) -> dict[str, int]:
    path = root / LIST
    return json.loads(path.read_text()) if path.exists() else {}
