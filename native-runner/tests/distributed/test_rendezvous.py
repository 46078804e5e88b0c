"""The meeting of the ranks of a ring, at addresses that others can reach too."""

import socket
import threading

from runner_process import free_ports

from muster_runner.distributed.rendezvous import HELLO_BYTES, rendezvous


def test_a_stranger_that_says_something_slowly_does_not_keep_the_ranks_apart() -> None:
    hosts = [f"127.0.0.1:{port}" for port in free_ports(2)]
    met, said = threading.Event(), 0
    connections: list[socket.socket] = []

    def join(rank: int) -> None:
        connections.extend(rendezvous(hosts, rank, check=lambda: None))

    ranks = [threading.Thread(target=join, args=(rank,), daemon=True) for rank in range(2)]
    ranks[0].start()
    stranger: socket.socket | None = None
    while stranger is None:
        try:
            stranger = socket.create_connection(("127.0.0.1", int(hosts[0].rpartition(":")[2])))
        except OSError:
            met.wait(0.01)

    def dribble() -> None:
        nonlocal said
        while not met.wait(0.3) and said < HELLO_BYTES - 1:
            try:
                stranger.sendall(b" ")
            except OSError:
                return
            said += 1

    slow = threading.Thread(target=dribble, daemon=True)
    slow.start()
    ranks[1].start()
    for rank in ranks:
        rank.join()
    met.set()
    slow.join()
    # It had not said all, for which the rank would have waited.
    assert said < HELLO_BYTES // 2
    for connection in (*connections, stranger):
        connection.close()
