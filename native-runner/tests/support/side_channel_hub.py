"""Simulates the supervisors and the master for the side channels of a group: reads a part from every rank, and writes
all parts back to each."""

import os
import select
import struct
import threading
from collections.abc import Callable
from pathlib import Path

HEADER = struct.Struct("<I")


def make_pipes(folder: Path) -> None:
    for name in ("side-channel-out", "side-channel-in"):
        os.mkfifo(folder / name)


class Hub:
    """Serves the ranks whose pipes are in ``folders``, in rank order, until it is closed. ``answer`` may change what a
    rank gets back."""

    def __init__(self, folders: list[Path], answer: Callable[[int, bytes], bytes] = lambda _rank, data: data):
        self._answer = answer
        self._outs = [os.open(folder / "side-channel-out", os.O_RDWR | os.O_NONBLOCK) for folder in folders]
        self._ins = [os.open(folder / "side-channel-in", os.O_RDWR | os.O_NONBLOCK) for folder in folders]
        self._closed = threading.Event()
        self.rounds: list[list[bytes]] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Closes the hub: the ranks read the end of their pipes."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._thread.join()
        for fd in (*self._outs, *self._ins):
            os.close(fd)

    def _serve(self) -> None:
        buffers = [b"" for _ in self._outs]
        while not self._closed.is_set():
            for rank, fd in enumerate(self._outs):
                if select.select([fd], [], [], 0.01)[0]:
                    buffers[rank] += os.read(fd, 1 << 20)
            parts = [self._part(buffer) for buffer in buffers]
            if None in parts:
                continue
            whole = [part for part in parts if part is not None]
            buffers = [buffer[HEADER.size + len(part) :] for buffer, part in zip(buffers, whole, strict=True)]
            self.rounds.append(whole)
            data = HEADER.pack(sum(map(len, whole))) + b"".join(whole)
            for rank, fd in enumerate(self._ins):
                view = memoryview(self._answer(rank, data))
                while view and not self._closed.is_set():
                    if select.select([], [fd], [], 0.01)[1]:
                        view = view[os.write(fd, view) :]

    @staticmethod
    def _part(buffer: bytes) -> bytes | None:
        if len(buffer) < HEADER.size:
            return None
        (size,) = HEADER.unpack(buffer[: HEADER.size])
        return buffer[HEADER.size : HEADER.size + size] if len(buffer) >= HEADER.size + size else None
