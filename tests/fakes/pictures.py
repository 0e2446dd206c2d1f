"""Pictures for tests: PNG made by hand, of one grey."""

import struct
import zlib


def png(wide: int, high: int, *, padding: int = 0) -> bytes:
    """A grey PNG; `padding` bytes of nothing make it as large as wanted."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x88" * wide) * high)
    more = chunk(b"teXt", b"\0" * padding) if padding else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
