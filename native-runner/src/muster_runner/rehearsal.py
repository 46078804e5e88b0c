"""A rehearsal of RDMA on machines that have none: all that happens before mlx takes over is real, and is checked.

The ranks go through the side channel as JACCL's mesh does while it is made, round for round and byte for byte as long;
then they meet in the ring and compute over that. It is chosen by a test setting alone and says so wherever it shows.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence

from muster_runner.failures import SideChannelBroken

REHEARSAL = "rehearsal of RDMA, computes over the ring"

# What a rank tells each other one: local id, queue pair, first packet, then the port's address. As in mlx's rdma.h,
# whose address is aligned to 8 bytes.
_DESTINATION = struct.Struct("<iii4x16s")
_INT = struct.Struct("<i")
FIRST_PACKET = 7

Gather = Callable[[bytes, int], bytes]


def destination(attempt: str, device: str | None, way: tuple[int, int]) -> bytes:
    """What the first rank of ``way`` tells the second one, as every rank can work it out; nothing for itself."""
    if device is None:
        return bytes(_DESTINATION.size)
    digest = hashlib.sha256(f"{attempt} {device} {way[0]} {way[1]}".encode()).digest()
    return _DESTINATION.pack(1 + way[0], int.from_bytes(digest[:3], "little"), FIRST_PACKET, digest[16:])


def rehearse(devices: Sequence[Sequence[str | None]], rank: int, attempt: str, gather: Gather) -> None:
    """Makes the rounds of JACCL's mesh, and compares what comes back with what every rank must have said. ``attempt``
    is the same on all ranks of this attempt, and of no other. Raises SideChannelBroken."""
    size = len(devices)
    said = [
        b"".join(destination(attempt, device, (one, other)) for other, device in enumerate(row))
        for one, row in enumerate(devices)
    ]
    lengths = [_INT.pack(size)] * size
    barrier = [_INT.pack(0)] * size
    # MeshGroup::initialize gathers a vector: its lengths first, then itself. The barrier goes round twice.
    for name, parts in (("lengths", lengths), ("destinations", said), ("barrier", barrier), ("barrier", barrier)):
        mine = parts[rank]
        if gather(mine, len(mine)) != b"".join(parts):
            raise SideChannelBroken(f"the round of {name} brought what the ranks have not said")
