# SPDX-License-Identifier: Apache-2.0
"""The developer's terminal, handed over byte for byte."""
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def raw() -> Iterator[None]:
    """No echo, no line editing, no signals from keys; undone at the end. Without a terminal nothing happens."""
    if not sys.stdin.isatty():
        yield
        return
    saved = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def keys(seconds: float) -> bytes:
    """What was typed, waiting at most so long for the first key."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return b""
    typed = os.read(sys.stdin.fileno(), 4096)
    if not typed:  # the end of a file: nothing will ever come
        time.sleep(seconds)
    return typed
