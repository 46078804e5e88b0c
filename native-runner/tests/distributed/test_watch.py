"""A rank that waits in a collective for one that is gone ends by itself: mlx may wait for ever."""

import threading

import pytest
from control_ring import ring

from muster_runner.distributed import watch as watching
from muster_runner.distributed.lockstep import StepMessage, exchange
from muster_runner.distributed.watch import watch


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INTERVAL_SECONDS", 0.01)


@pytest.mark.parametrize("gone", [0, 2])
def test_a_neighbour_that_is_gone_is_told_also_behind_unread_messages(gone: int) -> None:
    ranks = ring(3)
    # Rank 1 never reads it.
    exchange(ranks[0], StepMessage(1, 0))
    lost = threading.Event()
    watch(ranks[1].control, is_busy=lambda: True, lost=lost.set)
    assert not lost.wait(0.2)
    ranks[gone].control.close()
    assert lost.wait(60)


def test_an_idle_rank_is_left_alone_until_it_computes() -> None:
    ranks = ring(2)
    lost, is_busy = threading.Event(), threading.Event()
    watch(ranks[0].control, is_busy=is_busy.is_set, lost=lost.set)
    ranks[1].control.close()
    assert not lost.wait(0.2)
    is_busy.set()
    assert lost.wait(60)
