"""The group of ranks that compute one model together."""

import json
import os
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.errors import GroupError
from muster_runner.protocol import Load

# MLX reads an address for every rank, also for those that this one never speaks to.
NOBODY = "127.0.0.1:1"


def connect(load: Load, folder: Path) -> Any:
    """Meets the other ranks in a ring. Blocks until all are there. Raises GroupError."""
    if load.instance_meta != "MlxRing" or load.ring is None:
        raise GroupError(f"this runner cannot connect its ranks over {load.instance_meta}")
    if len(load.ring) != load.world_size or load.ring[load.rank] is None:
        raise GroupError(f"the ring has {len(load.ring)} addresses for {load.world_size} ranks, or none for this one")
    hostfile = folder / "ring.json"
    hostfile.write_text(json.dumps([[host or NOBODY] for host in load.ring]), encoding="utf-8")
    hostfile.chmod(0o600)
    os.environ |= {"MLX_HOSTFILE": str(hostfile), "MLX_RANK": str(load.rank)}
    try:
        # Strict: without it a ring that fails is silently a group of one.
        group = mx.distributed.init(strict=True, backend="ring")
    except RuntimeError as error:
        raise GroupError(f"the ranks could not connect: {error}") from error
    if group.size() != load.world_size:
        raise GroupError(f"a group of {group.size()} ranks came together instead of {load.world_size}")
    return group


def agreed(group: Any, value: int) -> bool:
    """Whether all ranks say 1. Every rank has to ask."""
    return int(mx.distributed.all_sum(mx.array(value), group=group).item()) == group.size()
