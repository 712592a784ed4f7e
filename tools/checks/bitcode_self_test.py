# SPDX-License-Identifier: Apache-2.0
"""The rules for bitcode must find what they exist for, in what clang really makes, and nothing in what is right."""
import re
import subprocess

from checks import bitcode

ALLOWED = re.compile("@outside")
STAGES = {"as written": ["-Xclang", "-disable-llvm-passes"], "optimised": []}
# (what must be complained of, C++). Each is one module.
BAD = (
    ("recursion", "int f(int n) { return n == 0 ? 0 : n * f(n - 1); }"),
    ("recursion", "int g(int); int f(int n) { return n > 1 ? g(n - 1) : 0; } int g(int n) { return f(n / 2); }"),
    ("indirect call", "int f(int (*p)(int)) { return p(1); }"),
    ("indirect call", "struct B { virtual int v(int); }; int f(B& b) { return b.v(1); }"),
    ("inline assembly", 'int f(int n) { asm volatile("nop"); return n; }'),
    ("not among the allowed", "int other(int); int f(int n) { return other(n); }"),
    ("not among the allowed", "int* f() { return new int; }"),
    ("floating point", "int f(int n) { return static_cast<int>(n * 0.5); }"),
    ("mutable state", "int count; int f(int n) { return count += n; }"),
    ("mutable state", "int f(int n) { static int calls = 1; return calls += n; }"),
    ("made from an integer", "int f(unsigned long n) { return *reinterpret_cast<int*>(n + 8); }"),
    ("made from an integer", "int f() { return *reinterpret_cast<volatile int*>(0x9000000); }"),
    ("volatile access", "int f(volatile int* p) { return *p; }"),
    ("atomic access", "int f(int* p) { return __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); }"),
    ("not constant", "int outside(int*); int f(int n) { int* a = static_cast<int*>(__builtin_alloca(n)); return outside(a); }"),
    ("computed branch", "int f(int n) { static const void* const to[] = {&&a, &&b}; goto *to[n]; a: return 1; b: return 2; }"),
)
GOOD = """extern "C" int outside(int);
namespace { const int kTable[] = {3, 1, 4}; }
struct Big { long a[9]; };
struct One { int* p; };
One one(int* p) { return One{p}; }
int g(int n) { return kTable[n % 3] + outside(n); }
Big f(const Big& from, int n) { Big b = from; for (int i = 0; i < 9; ++i) b.a[i] += g(n) + *one(&n).p; return b; }
"""


def problems() -> list[str]:
    found = [f"bitcode: does not see {what}: {source!r}" for what, source in BAD if not any(what in each for each in _judge(source))]
    return found + [f"bitcode: false alarm: {each}" for each in _judge(GOOD)]


def _judge(source: str) -> list[str]:
    found = []
    for stage, flags in STAGES.items():
        text = subprocess.run(["clang++-19", "--target=aarch64-linux-gnu", "-std=c++23", "-O2", "-fno-slp-vectorize", "-ffreestanding", "-fno-exceptions", "-fno-rtti",
                               "-fno-threadsafe-statics", "-w", *flags, "-S", "-emit-llvm", "-x", "c++", "-o", "-", "-"],
                              input=source, capture_output=True, text=True, check=True).stdout
        found += bitcode.problems([bitcode.read(text, stage == "optimised")], ALLOWED)
    return found
