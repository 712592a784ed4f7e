# SPDX-License-Identifier: Apache-2.0
"""One boot image out of the hypervisor and a host kernel.

Layout: the hypervisor image, padded to a multiple of 2 MiB and past its own zero-initialised memory; then the kernel's
Image. Loaded at a 2 MiB boundary, the kernel stands at one too, as the arm64 boot protocol asks. After the magic in the
hypervisor image come two little-endian 64-bit numbers: offset and size of the kernel, from the start of the file.
The image size in the first header is raised to what both need, so that a boot loader puts nothing else there."""
import struct
from pathlib import Path

from rd.log import RdError

MAGIC = b"REDOUBT-PAYLOAD\0"
ALIGNMENT = 2 << 20
IMAGE_SIZE_AT, HEADER_MAGIC_AT, HEADER_MAGIC = 16, 56, b"ARM\x64"


def pack(hypervisor: Path, kernel: Path, out: Path) -> Path:
    image, payload = bytearray(hypervisor.read_bytes()), kernel.read_bytes()
    offset = _aligned(max(len(image), _image_size(image, hypervisor)))
    kernel_memory = max(len(payload), _image_size(payload, kernel))
    at = image.find(MAGIC)
    if at < 0 or image.find(MAGIC, at + 1) >= 0 or at + len(MAGIC) + 16 > len(image):
        raise RdError(f"{hypervisor.name} must hold the payload magic exactly once, with room for two numbers after it")
    struct.pack_into("<QQ", image, at + len(MAGIC), offset, len(payload))
    struct.pack_into("<Q", image, IMAGE_SIZE_AT, _aligned(offset + kernel_memory))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".part")
    partial.write_bytes(bytes(image) + bytes(offset - len(image)) + payload)
    partial.replace(out)
    return out


def _image_size(data: bytes | bytearray, source: Path) -> int:
    """Memory the image asks for, from its arm64 Image header."""
    if data[HEADER_MAGIC_AT:HEADER_MAGIC_AT + 4] != HEADER_MAGIC:
        raise RdError(f"{source} is not an arm64 Image")
    return struct.unpack_from("<Q", data, IMAGE_SIZE_AT)[0]


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
