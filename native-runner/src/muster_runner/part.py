"""Which part of a model this process holds."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from muster_runner.disk_cache import adapter_digest
from muster_runner.failures import Disagreement
from muster_runner.group import Group
from muster_runner.protocol import Load


@dataclass(frozen=True)
class Part:
    """One rank's part. ``start`` and ``end``: half-open range of the ``layers`` of the model; in a Tensor sharding all
    ranks have all layers. Without a ``group`` it is the whole model."""

    sharding: str
    start: int
    end: int
    layers: int
    group: Group | None = None

    @property
    def answers(self) -> bool:
        """Whether requests come to this rank."""
        return self.group is None or self.group.rank == 0

    @property
    def pipelined(self) -> bool:
        return self.group is not None and self.sharding == "Pipeline"

    def agree(self, config: dict[str, Any], versions: Iterable[str], load: Load) -> None:
        """Compares with all ranks. Raises Disagreement and PeerLost."""
        group = self.group
        if group is None:
            return
        model = zlib.crc32(repr(sorted(config.items(), key=lambda item: item[0])).encode()) >> 1
        code = zlib.crc32(" ".join(versions).encode()) >> 1
        cache = [load.max_context or 0, load.concurrency, load.kv_bits or 0]
        adapter = zlib.crc32(adapter_digest(load.adapter)) >> 1
        told = group.each([self.start, self.end, self.layers, model, code, self.pipelined, *cache, adapter])
        for at, what in (
            (2, "numbers of layers"),
            (3, "configurations of the model"),
            (4, "versions of mlx or mlx-lm"),
            (5, "shardings"),
            (6, "bounds of the context"),
            (7, "numbers of requests to keep memory for"),
            (8, "bits of the context"),
            (9, "LoRA adapters"),
        ):
            if len({values[at] for values in told}) > 1:
                raise Disagreement(f"the ranks have different {what}: {[values[at] for values in told]}")
        if self.pipelined:
            ends = [0, *(values[1] for values in reversed(told))]
            starts = [values[0] for values in reversed(told)]
            if starts != ends[:-1] or ends[-1] != self.layers or sorted(set(ends)) != ends:
                ranges = [f"{values[0]} to {values[1]}" for values in told]
                raise Disagreement(
                    f"the ranks' layers, {' and '.join(ranges)}, do not make up {self.layers}, with rank 0's the last"
                )
