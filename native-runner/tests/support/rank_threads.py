"""Ranks as threads of one process, and the load command that each is given."""

from pathlib import Path
from threading import Barrier
from typing import Any

from muster_runner.protocol import Load, parse_command


class Threads:
    """The ranks of a group as threads, which gather numbers as a ring does."""

    def __init__(self, size: int):
        self._rows: list[list[int]] = [[] for _ in range(size)]
        self._barrier = Barrier(size, timeout=120)

    def rank(self, rank: int) -> Any:
        return RankThread(rank, self._rows, self._barrier)


class RankThread:
    def __init__(self, rank: int, rows: list[list[int]], barrier: Barrier):
        self.rank, self.size = rank, len(rows)
        self._rows, self._barrier = rows, barrier

    def all_gather(self, values: list[int]) -> list[list[int]]:
        self._rows[self.rank] = values
        self._barrier.wait()
        return self._rows


def command(model: Path, rank: int = 0, ranks: int = 2, **more: Any) -> Load:
    """A load command for a rank of a model of four layers, of which each rank has as many."""
    each = 4 // ranks
    start = 4 - (rank + 1) * each
    shard = {"rank": rank, "worldSize": ranks, "startLayer": start, "endLayer": start + each, "layers": 4}
    frame = {"type": "load", "modelId": "t", "modelPath": str(model), "sharding": "Pipeline", "instanceMeta": "MlxRing"}
    load = parse_command({**frame, "shard": shard, **more})
    assert isinstance(load, Load)
    return load
