"""What bodies are packed with: gzip, unpacked piece by piece."""

from __future__ import annotations

import zlib

_GZIP = 31  # of zlib: with a header and a checksum of gzip


class Unpacker:
    """Unpacks gzip of one or more members, which stand one behind the other (RFC 1952, 2.2).

    Zeros behind a member are padding, as they are for gzip itself.
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._is_inside = False

    @property
    def is_cut(self) -> bool:
        """Whether the end of a member is still to come."""
        return self._is_inside

    def unpack(self, piece: bytes, most: int) -> bytes:
        """What is in the next piece.

        Args:
            piece: as it came.
            most: bytes to give, 1 or more. Where there are as many, the rest may be lost.

        Raises:
            zlib.error: it is no gzip, or damaged.
        """
        unpacked = bytearray()
        while len(unpacked) < most:
            if not self._is_inside:
                piece = piece.lstrip(b"\0")
            if not piece:
                break
            unpacked += self._member.decompress(piece, most - len(unpacked))
            piece, self._is_inside = self._member.unused_data, not self._member.eof
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
        return bytes(unpacked)
