"""A checksum of everything that the calls of a schedule have decided, which must be equal on all ranks."""

import zlib
from array import array
from collections.abc import Iterable


class History:
    def __init__(self) -> None:
        self._checksum = 0

    def record(self, what: str, task_id: str, tokens: Iterable[int] = ()) -> None:
        self._checksum = zlib.crc32(f"{what} {task_id}".encode("utf-8", "surrogatepass"), self._checksum)
        self._checksum = zlib.crc32(array("I", tokens).tobytes(), self._checksum)

    def mark(self, steps: int, blocks: int) -> int:
        """Returns the checksum after ``steps`` steps, with ``blocks`` blocks in the prefix cache."""
        return zlib.crc32(b"%d %d" % (steps, blocks), self._checksum)
