"""The messages that rank 0 sends to the other ranks before each step."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from control_ring import ring

from muster_runner.distributed.control import MAX_AHEAD
from muster_runner.distributed.lockstep import StepMessage, exchange
from muster_runner.distributed.report import Report
from muster_runner.failures import Disagreement, PeerLost

ORDERS = [("join", "a", [[1, 2, 3], []]), ("leave", ["b"], True)]


@pytest.mark.parametrize("size", [2, 3])
def test_every_rank_gets_the_messages_in_order_and_rank_0_the_least_of_the_restores(size: int) -> None:
    first, *others = ring(size)
    messages = [StepMessage(mark, 9, [mark, 7], ORDERS if mark == 2 else []) for mark in range(6)]

    def follow(group: Any) -> list[StepMessage]:
        # Each has done another number of restores.
        return [exchange(group, StepMessage(mark, 3 + group.rank)) for mark in range(6)]

    with ThreadPoolExecutor(size) as pool:
        following = [pool.submit(follow, group) for group in others]
        led = [exchange(first, message) for message in messages]
    for got in (future.result() for future in following):
        assert [one.tokens for one in got] == [one.tokens for one in messages]
        assert [[tuple(order) for order in one.orders] for one in got] == [one.orders for one in messages]
        # Every rank counts the same restores as done in the same step.
        assert [one.restored for one in got] == [one.restored for one in led]
    assert led[0].restored == 0
    assert led[-1].restored == 4


@pytest.mark.parametrize("short", [{1}, {2}, {1, 2}, {0}, set()])
def test_rank_0_is_told_while_another_ranks_machine_is_short_of_memory(short: set[int]) -> None:
    first, *others = ring(3)

    def told(short: set[int]) -> list[bool]:
        led = []
        for mark in range(MAX_AHEAD + 1):
            led.append(exchange(first, StepMessage(mark, 4, short=0 in short)))
            for group in others:
                exchange(group, StepMessage(mark, 3 + group.rank, short=group.rank in short))
        # The restores are counted as without a shortage.
        assert led[-1].restored == 4
        return [one.short for one in led]

    assert told(short)[-1] == bool(short - {0})
    assert told(set())[-1] is False


def test_a_report_without_a_shortage_is_what_earlier_versions_send() -> None:
    assert Report(restored=7).pack() == 7
    assert Report.unpack(7) == Report(restored=7, short=False)
    # And what they make of one with a shortage is no other rank's number of restores.
    assert Report(restored=7, short=True).pack() > 1_000_000


def test_rank_0_does_not_run_ahead_of_a_rank_that_waits() -> None:
    first, second = ring(2)
    sent = threading.Semaphore(0)

    def lead() -> None:
        for mark in range(MAX_AHEAD + 2):
            exchange(first, StepMessage(mark, 0))
            sent.release()

    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(lead)
        for _ in range(MAX_AHEAD):
            assert sent.acquire(timeout=60)
        assert not sent.acquire(timeout=0.2)
        for mark in range(MAX_AHEAD + 2):
            exchange(second, StepMessage(mark, 0))
        leading.result(60)


def test_a_rank_with_another_mark_is_out_of_step() -> None:
    first, second = ring(2)
    exchange(first, StepMessage(5, 0))
    with pytest.raises(Disagreement, match=r"out of step: \[5, 6\]"):
        exchange(second, StepMessage(6, 0))


def test_a_rank_that_is_gone_is_noticed_by_its_neighbours() -> None:
    first, second, third = ring(3)
    second.control.close()
    with pytest.raises(PeerLost, match="connection to another rank was lost"):
        exchange(third, StepMessage(0, 0))
    third.control.close()
    with pytest.raises(PeerLost, match="connection to another rank was lost"):
        for mark in range(MAX_AHEAD + 1):
            exchange(first, StepMessage(mark, 0))
