# SPDX-License-Identifier: Apache-2.0
"""What the developer reads on the terminal, and the one error type that ends a command."""
import sys


class RdError(Exception):
    """A failure the developer can understand: printed as one message, without a traceback."""


def say(text: str) -> None:
    print(f"rd: {text}", file=sys.stderr, flush=True)


def note(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def progress(text: str) -> None:
    """One line that overwrites itself on a terminal and is dropped elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K    {text}", end="", file=sys.stderr, flush=True)


def progress_end() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
