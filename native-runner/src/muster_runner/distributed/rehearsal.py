"""A rehearsal of RDMA on machines without it: everything before mlx's own call runs for real, and is checked.

The ranks do the same all-gather rounds over the side channel as JACCL's mesh set-up, with payloads of the same size.
Then they join a ring and compute over that. Only a test setting selects it, and it is labelled wherever it is shown.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence

from muster_runner.failures import SideChannelBroken

REHEARSAL = "rehearsal of RDMA, computes over the ring"

# The connection data for a peer: local id, queue pair number, packet sequence number, port address (GID). Layout of
# mlx's rdma.h, where the address is aligned to 8 bytes.
_DESTINATION = struct.Struct("<iii4x16s")
_INT = struct.Struct("<i")
PACKET_SEQUENCE_NUMBER = 7

Gather = Callable[[bytes, int], bytes]


def destination(attempt: str, device: str | None, link: tuple[int, int]) -> bytes:
    """Returns the data that the first rank of ``link`` sends to the second. It is deterministic, so that every rank
    can check it. All zeros for a rank's entry for itself."""
    if device is None:
        return bytes(_DESTINATION.size)
    digest = hashlib.sha256(f"{attempt} {device} {link[0]} {link[1]}".encode()).digest()
    return _DESTINATION.pack(1 + link[0], int.from_bytes(digest[:3], "little"), PACKET_SEQUENCE_NUMBER, digest[16:])


def rehearse(devices: Sequence[Sequence[str | None]], rank: int, attempt: str, gather: Gather) -> None:
    """Does the rounds of JACCL's mesh set-up, and compares the results with what every rank must have sent.
    ``attempt``: unique to this attempt, and equal on all its ranks. Raises SideChannelBroken."""
    size = len(devices)
    destinations = [
        b"".join(destination(attempt, device, (source, target)) for target, device in enumerate(row))
        for source, row in enumerate(devices)
    ]
    lengths = [_INT.pack(size)] * size
    barrier = [_INT.pack(0)] * size
    # MeshGroup::initialize gathers a vector: first its lengths, then its content; then two barriers.
    for name, parts in (
        ("lengths", lengths),
        ("destinations", destinations),
        ("barrier", barrier),
        ("barrier", barrier),
    ):
        own_part = parts[rank]
        if gather(own_part, len(own_part)) != b"".join(parts):
            raise SideChannelBroken(f"the round of {name} returned data that the ranks did not send")
