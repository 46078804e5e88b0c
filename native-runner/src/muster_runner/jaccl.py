"""The way into RDMA over Thunderbolt: mlx's JACCL backend, with the supervisor's side channel in the place of its own
TCP coordinator.

Nothing here can run without Apple's hardware but what stands before mlx's own call. That call:

- wants ``MLX_IBV_DEVICES``, a file with a matrix of device names (row: rank, column: the rank it leads to, null on
  the diagonal), and ``MLX_RANK``; with a factory it wants no coordinator. It reads ``JACCL_IBV_DEVICES``,
  ``JACCL_RANK`` and ``JACCL_RING`` before them, none of which a runner's environment ever has.
- holds Python's lock while it makes queue pairs and registers memory, which is work of this machine alone, and calls
  back for each round. A round waits in ``select``, which lets go of the lock: heartbeats go on and a shutdown is heard
  meanwhile. What a round raises comes out of the call as it is, and mlx gives back on the way what it has taken.
- makes a mesh, for every two ranks have a device towards each other, of 8 ranks at most.
"""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.failures import RdmaFailed, SideChannelBroken, Unsupported
from muster_runner.group import Group
from muster_runner.side_channel import SideChannel

Devices = Sequence[Sequence[str | None]]

# The first mlx whose init takes a side channel of one's own.
NEEDED_MLX = "0.32.1"


def join_jaccl(devices: Devices, rank: int, folder: Path, check: Callable[[], None]) -> Group:
    """Joins the other ranks by RDMA. ``devices``: by rank, then by the rank it leads to. ``folder``: where the side
    channel's pipes are, and where the file with the devices may be written for a moment. ``check`` is called while the
    others are waited for, and may raise to give up. Raises Unsupported, SideChannelBroken and RdmaFailed."""
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
        # Strict, for without it a group that does not come about is silently a group of one.
        raw: Any = mx.distributed.init(strict=True, backend="jaccl", all_gather_factory=factory)
    except (RuntimeError, ValueError) as error:
        raise RdmaFailed(str(error)) from error
    finally:
        os.unlink(name)
        channel.close()
    return Group(raw)


def _check_mlx() -> None:
    """Raises Unsupported."""
    # Its signature stands there; mlx says in no other way what it takes.
    if "all_gather_factory" not in (mx.distributed.init.__doc__ or ""):
        raise Unsupported(
            f"RDMA needs MLX {NEEDED_MLX} or newer, whose init takes an all_gather_factory, "
            f"and this machine has {mx.__version__}; run the set-up again"
        )
    if not mx.distributed.is_available("jaccl"):
        raise Unsupported(
            "RDMA (JACCL) needs macOS 26.2 or newer on a Mac with Thunderbolt 5, and is not there on this machine"
        )
