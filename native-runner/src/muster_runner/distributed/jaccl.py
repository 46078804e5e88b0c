"""Joins a group over RDMA (Thunderbolt) by mlx's JACCL backend, with the supervisor's side channel instead of JACCL's
TCP coordinator.

Only the code before mlx's own call runs without Apple's hardware. That call:

- reads ``MLX_IBV_DEVICES``, a file with a matrix of device names (row: rank, column: peer rank, null on the diagonal),
  and ``MLX_RANK``; with a factory it needs no coordinator. ``JACCL_IBV_DEVICES``, ``JACCL_RANK`` and ``JACCL_RING``
  would take precedence; a runner's environment never has them.
- holds the GIL while it creates queue pairs and registers memory (local work), and calls back for each all-gather
  round. A round waits in ``select``, which releases the GIL, so heartbeats continue and a shutdown is received. An
  exception in a round propagates out of the call, and mlx releases its resources.
- builds a mesh, because every pair of ranks has a device for each other; at most 8 ranks.
"""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.distributed.group import Group
from muster_runner.distributed.side_channel import SideChannel
from muster_runner.failures import RdmaFailed, SideChannelBroken, Unsupported

Devices = Sequence[Sequence[str | None]]

# The first mlx version whose init accepts ``all_gather_factory``.
NEEDED_MLX = "0.32.1"


def join_jaccl(devices: Devices, rank: int, folder: Path, check: Callable[[], None]) -> Group:
    """Joins the other ranks over RDMA. ``devices``: by rank, then by peer rank. ``folder``: has the side channel's
    pipes; the device file is written there temporarily. ``check`` is called while waiting and may raise to abort.
    Raises Unsupported, SideChannelBroken and RdmaFailed."""
    _check_mlx()
    channel = SideChannel(folder, len(devices), check)

    def factory(asked_rank: int, size: int) -> Callable[[bytes, int], bytes]:
        if (asked_rank, size) != (rank, len(devices)):
            raise SideChannelBroken(f"mlx asks for rank {asked_rank} of {size}, not for {rank} of {len(devices)}")
        return channel.all_gather

    handle, name = tempfile.mkstemp(dir=folder, prefix="jaccl-", suffix=".json")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(devices, file)
        os.environ |= {"MLX_IBV_DEVICES": name, "MLX_RANK": str(rank)}
        # Strict: otherwise a failure silently returns a group of one.
        raw: Any = mx.distributed.init(strict=True, backend="jaccl", all_gather_factory=factory)
    except (RuntimeError, ValueError) as error:
        raise RdmaFailed(str(error)) from error
    finally:
        os.unlink(name)
        channel.close()
    return Group(raw)


def _check_mlx() -> None:
    """Raises Unsupported."""
    # The docstring has the signature; mlx offers no other way to inspect it.
    if "all_gather_factory" not in (mx.distributed.init.__doc__ or ""):
        raise Unsupported(
            f"RDMA needs MLX {NEEDED_MLX} or newer, whose init takes an all_gather_factory, "
            f"and this machine has {mx.__version__}; run the set-up again"
        )
    if not mx.distributed.is_available("jaccl"):
        raise Unsupported(
            "RDMA (JACCL) needs macOS 26.2 or newer on a Mac with Thunderbolt 5, and is not available on this machine"
        )
