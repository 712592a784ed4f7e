# SPDX-License-Identifier: Apache-2.0
"""Talking to a running machine: wait for text, type a line, keep the whole log."""
import os
import re
import subprocess
import threading
import time
from pathlib import Path

from rd import paths, proc, symbolize, terminal
from rd.log import RdError, note
from rd.monitor import Monitor

# A slow or busy machine needs longer, never different, time-outs.
SCALE = float(os.environ.get("RD_TIMEOUT_SCALE", "1"))
FATAL = (r"Kernel panic - not syncing", r"Internal error: Oops", r"PANIC at EL2", r"exception at EL2, vector")
TAIL_LINES = 60


class ConsoleError(RdError):
    """The machine did not do what the test waits for."""


class Console:
    """The serial port of one QEMU process. A thread reads it all the time, into memory and into the log file."""

    def __init__(self, argv: list[str], log: Path, fatal: tuple[str, ...] = FATAL):
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.monitor = Monitor()
        self.fatal = re.compile("|".join(fatal)) if fatal else None
        self._text = ""
        self._position = 0      # where the next wait() begins
        self._checked = 0       # up to where fatal messages have been looked for
        self._news = threading.Condition()
        self._ended = False
        self._child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv, *self.monitor.arguments()], start_new_session=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All output so far."""
        with self._news:
            return self._text

    def wait(self, pattern: str, timeout: float = 60) -> re.Match:
        """Wait for a regular expression in what came after the last match; answers the match."""
        deadline = time.monotonic() + timeout * SCALE
        wanted = re.compile(pattern, re.M)
        with self._news:
            while True:
                found = wanted.search(self._text, self._position)
                if found:
                    self._position = found.end()
                    return found
                self._check_fatal(pattern)
                if self._ended:
                    raise ConsoleError(f"the machine stopped (exit code {self._child.wait()}) before /{pattern}/ was seen")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ConsoleError(f"no /{pattern}/ within {timeout * SCALE:.0f} s")
                self._news.wait(min(left, 0.5))

    def wait_exit(self, timeout: float = 60) -> int:
        """Wait until the machine powers off; answers QEMU's exit code."""
        try:
            code = self._child.wait(timeout * SCALE)
        except subprocess.TimeoutExpired:
            raise ConsoleError(f"the machine did not power off within {timeout * SCALE:.0f} s") from None
        self._reader.join(5)
        with self._news:
            self._check_fatal("power off")
        return code

    def send(self, line: str) -> None:
        """Type a line."""
        try:
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise ConsoleError(f"the machine stopped before {line!r} could be typed") from None

    def shell(self, command: str, timeout: float = 60, check: bool = True) -> str:
        """Run a command in the shell of the machine; answers its output. With check a non-zero status is an error."""
        self.send(f"{command}; echo \"rd_\"status=$?")
        start = self._position
        found = self.wait(r"rd_status=(\d+)\r?\n", timeout)  # the output need not end with a whole line
        output = self.text[start:found.start()].replace("\r", "")
        output = output.rpartition("status=$?\n")[2]  # after the echo of what was typed
        if check and found.group(1) != "0":
            raise ConsoleError(f"'{command}' answered {found.group(1)}:\n{output}")
        return output

    def attach(self, until: str) -> re.Match:
        """Give the terminal to the machine until the pattern is printed; answers the match."""
        shown, ends = self._position, re.compile(until, re.M)
        with terminal.raw():
            while True:
                with self._news:
                    text, ended = self._text, self._ended
                terminal.write(text[shown:])
                shown = len(text)
                if found := ends.search(text, self._position):
                    self._position = found.end()
                    return found
                if ended:
                    raise ConsoleError("the machine stopped")
                self._child.stdin.write(terminal.keys(0.05))
                self._child.stdin.flush()

    def absent(self, pattern: str) -> None:
        """Fail if the pattern stands anywhere in the log so far."""
        found = re.search(pattern, self.text, re.M)
        if found:
            raise ConsoleError(f"/{pattern}/ must not appear, but did: {found.group(0)!r}")

    def running(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        """End the machine and everything it started."""
        if self.running():
            proc.kill_group(self._child)
        self._reader.join(5)
        self.monitor.close()

    def show_tail(self) -> None:
        note(f"--- last lines of {self.log} ---")
        tail = self.text.replace("\r", "").splitlines()[-TAIL_LINES:]
        elf = paths.BUILD / "el2" / "redoubt.elf"
        for line in symbolize.lines(tail, elf) if elf.exists() else tail:
            note(line)
        note("--- end of log ---")

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, kind, _value, _trace) -> None:
        self.stop()
        if kind is not None and issubclass(kind, Exception):
            self.show_tail()

    def _check_fatal(self, pattern: str) -> None:
        if self.fatal is None:
            return
        found = self.fatal.search(self._text, self._checked)
        self._checked = max(0, len(self._text) - 200)
        if found:
            raise ConsoleError(f"'{found.group(0)}' while waiting for /{pattern}/")

    def _read(self) -> None:
        with open(self.log, "wb") as log:
            while chunk := os.read(self._child.stdout.fileno(), 65536):
                log.write(chunk)
                log.flush()
                with self._news:
                    self._text += chunk.decode(errors="replace")
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
