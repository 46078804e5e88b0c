"""The part of a model that this rank holds."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from muster_runner.cache.model_digest import adapter_digest
from muster_runner.distributed.group import Group
from muster_runner.failures import Disagreement
from muster_runner.protocol import Load


@dataclass(frozen=True)
class Part:
    """One rank's shard. ``start`` and ``end``: half-open range of the model's ``layers``; with tensor sharding every
    rank has all layers. Without a ``group``: the whole model."""

    sharding: str
    start: int
    end: int
    layers: int
    group: Group | None = None

    @property
    def answers(self) -> bool:
        """Whether this rank takes requests."""
        return self.group is None or self.group.rank == 0

    @property
    def pipelined(self) -> bool:
        return self.group is not None and self.sharding == "Pipeline"

    def agree(self, config: dict[str, Any], versions: Iterable[str], load: Load) -> None:
        """Checks that all ranks have the same model, versions and settings, and that their layers fit together.

        Raises Disagreement and PeerLost.
        """
        group = self.group
        if group is None:
            return
        model = zlib.crc32(repr(sorted(config.items(), key=lambda item: item[0])).encode()) >> 1
        code = zlib.crc32(" ".join(versions).encode()) >> 1
        cache = [load.max_context or 0, load.concurrency, load.kv_bits or 0]
        adapter = zlib.crc32(adapter_digest(load.adapter)) >> 1
        gathered = group.all_gather([self.start, self.end, self.layers, model, code, self.pipelined, *cache, adapter])
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
            if len({values[at] for values in gathered}) > 1:
                raise Disagreement(f"the ranks have different {what}: {[values[at] for values in gathered]}")
        if self.pipelined:
            ends = [0, *(values[1] for values in reversed(gathered))]
            starts = [values[0] for values in reversed(gathered)]
            if starts != ends[:-1] or ends[-1] != self.layers or sorted(set(ends)) != ends:
                ranges = [f"{values[0]} to {values[1]}" for values in gathered]
                raise Disagreement(
                    f"the ranks' layers, {' and '.join(ranges)}, do not make up {self.layers}, with rank 0's the last"
                )
