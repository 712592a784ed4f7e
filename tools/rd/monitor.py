# SPDX-License-Identifier: Apache-2.0
"""QEMU's human monitor on a private socket: what a test does to the machine from outside (reset it, look at its RAM)."""
import shutil
import socket
import tempfile
import time
from pathlib import Path

from rd.log import RdError

_PROMPT = b"(qemu) "
_TIMEOUT = 30


class Monitor:
    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="rd-monitor-")  # socket paths must be short
        self._path = f"{self._folder}/s"
        self._socket: socket.socket | None = None

    def arguments(self) -> list[str]:
        return ["-monitor", f"unix:{self._path},server=on,wait=off"]

    def command(self, text: str) -> str:
        """Run one monitor command ("system_reset", "info registers", ...); answers what it printed."""
        if self._socket is None:
            self._socket = self._connect()
            self._answer()
        self._socket.sendall(text.encode() + b"\n")
        return self._answer().partition("\n")[2]

    def memory(self, address: int, size: int) -> bytes:
        """Physical memory of the machine, read from outside of all protection."""
        out = Path(self._folder) / "memory"
        said = self.command(f'pmemsave {address:#x} {size:#x} "{out}"')
        if not out.exists() or out.stat().st_size != size:
            raise RdError(f"pmemsave failed: {said}")
        data = out.read_bytes()
        out.unlink()
        return data

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _connect(self) -> socket.socket:
        deadline = time.monotonic() + _TIMEOUT
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(_TIMEOUT)
            try:
                connection.connect(self._path)
                return connection
            except OSError:
                connection.close()
                if time.monotonic() > deadline:
                    raise RdError("QEMU's monitor does not answer") from None
                time.sleep(0.1)

    def _answer(self) -> str:
        data = b""
        while not data.endswith(_PROMPT):
            chunk = self._socket.recv(65536)
            if not chunk:
                raise RdError("the machine stopped while its monitor was asked")
            data += chunk
        return data[:-len(_PROMPT)].decode(errors="replace").replace("\r", "")
