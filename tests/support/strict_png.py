"""Reads PNGs as strictly as any viewer might: every length and check sum has to be right."""

import struct
import zlib

from ticketing_adapters.qr_drawing import Modules


def lines_of(image: bytes) -> bytes:
    """Return the lines of a PNG with two bits per pixel, each behind the type of its filter.

    Raises:
        ValueError: Something is not as the specification says, such as a CRC-32.
        zlib.error: The stream is not valid, or its Adler-32 is wrong.
    """
    signature, rest, chunks = image[:8], image[8:], []
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        named, checksum = rest[4 : 8 + length], rest[8 + length : 12 + length]
        if zlib.crc32(named).to_bytes(4, "big") != checksum:
            raise ValueError("wrong CRC-32")
        chunks.append(named)
        rest = rest[12 + length :]
    header, data, end = chunks
    width, height = struct.unpack(">II", header[4:12])
    stream = zlib.decompressobj()
    lines = stream.decompress(data[4:])
    if (
        signature != b"\x89PNG\r\n\x1a\n"
        or header[:4] + header[12:] != b"IHDR\2\0\0\0\0"
        or (data[:4], end) != (b"IDAT", b"IEND")
        or len(lines) != height * (1 + width // 4)
        or not stream.eof
        or stream.unused_data
    ):
        raise ValueError("not a PNG of two bits per pixel in three chunks")
    return lines


def lines_for(modules: Modules) -> bytes:
    """Return the lines that show each module as four by four pixels, without a filter."""
    return b"".join((b"\0" + row) * 4 for row in modules.rows())
