"""A PNG file of pixels, with zlib alone (PNG specification, third edition: signature, IHDR, IDAT, IEND)."""

from __future__ import annotations

import struct
import zlib

from lepton.explanation.columns import Array

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 3: 2}  # channels to colour type: grey, RGB


def png(pixels: Array) -> bytes:
    """uint8 (H, W, 1 or 3) to a file of 8 bits a channel, no filter, no interlacing."""
    height, width, channels = pixels.shape
    lines = b"".join(b"\x00" + pixels[row].tobytes() for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
