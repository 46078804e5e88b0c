"""A machine that runs short of memory shrinks the budget, on all ranks of a model in the same step."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from control_ring import ring
from mlx_lm.utils import load_model

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.memory_budget import MemoryBudget
from muster_runner.cache.memory_pressure import ENOUGH, SHORT, MemoryPressure
from muster_runner.cache.prefix_cache import PrefixCache
from muster_runner.distributed.following import Follower
from muster_runner.distributed.leading import Leader
from muster_runner.distributed.lockstep import Order
from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.model.architectures import ALL
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt, Wake
from muster_runner.tokenization.tokenizer import load_tokenizer

FOOTPRINT = Footprint(per_token=10)
# The budget has room for all requests and for what is kept of them, the claim for one request only.
TOTAL, CLAIMED = 20_000, 1_500
PROMPT, TOKENS, REQUESTS = 30, 80, 3
# More steps than it takes for a report to arrive and a decision to return.
SOON = 12


class Summed:
    """A group of two without connections of its own: what it exchanges are sums, in which both wait for each other."""

    def __init__(self, rank: int, rows: list[list[int]], barrier: Barrier):
        self.rank, self.size, self.control = rank, len(rows), None
        self._rows, self._barrier = rows, barrier

    def sum(self, values: list[int]) -> list[int]:
        self._rows[self.rank] = list(values)
        self._barrier.wait()
        total = [sum(column) for column in zip(*self._rows, strict=True)]
        self._barrier.wait()
        return total

    def close(self) -> None:
        self._barrier.abort()

    def broadcast(self, data: bytes | None, size: int) -> bytes:
        return bytes(self.sum([0] * size if data is None else list(data)))


def summed() -> list[Any]:
    rows, barrier = [[], []], Barrier(2, timeout=60)
    return [Summed(rank, rows, barrier) for rank in range(2)]


class Machine:
    """A machine that has ``free`` of its memory. A second passes at each look at its clock."""

    def __init__(self) -> None:
        self.free = 1.0
        self.pressure = MemoryPressure(TOTAL, CLAIMED, share=lambda: self.free, clock=itertools.count().__next__)


def options(model: Any) -> EngineOptions:
    return EngineOptions(
        ALL,
        {},
        PrefillSteps(16, 16),
        lookahead=False,
        cache=PrefixCache(model, FOOTPRINT, exact=False, root=b""),
        budget=MemoryBudget(TOTAL, FOOTPRINT),
        claimed=CLAIMED,
    )


class Pair:
    """The leader and a follower of one model, each with the whole of it, on machines of their own. The follower runs on
    a thread."""

    def __init__(self, folder: Path, groups: list[Any]):
        self.machines = [Machine(), Machine()]
        model, config = load_model(folder)
        tokenizer = load_tokenizer(folder, config)
        self.frames: list[dict[str, Any]] = []
        self.resized: list[int] = []
        engine = Engine(model, tokenizer, AnswerRules(tokenizer, None), options(model), self._emit)
        engine._pressure = self.machines[0].pressure
        self.engine, self.leader = engine, Leader(engine, groups[0], wake=self._wake)
        tell = engine.on_order

        def told(order: Order) -> None:
            if order[0] == "resize":
                self.resized.append(order[2])
            tell(order)

        engine.on_order = told
        self._ends = [group.control or group for group in groups]
        self._pool = ThreadPoolExecutor(1)
        self.follower = self._pool.submit(self._follow, folder, groups[1]).result()
        self._epoch: Any = None

    def _follow(self, folder: Path, group: Any) -> Follower:
        model, _ = load_model(folder)
        follower = Follower(model, group, options(model))
        follower._pressure = self.machines[1].pressure
        return follower

    def _emit(self, **frame: Any) -> None:
        self.frames.append(frame)

    def _wake(self, epoch: int) -> None:
        self.follower.take(Wake(epoch=epoch))
        self._epoch = self._pool.submit(self._work)

    def _work(self) -> None:
        try:
            self.follower.work()
        except Exception:
            # As the end of its process does.
            self._ends[1].close()
            raise

    def ask(self) -> None:
        for at in range(REQUESTS):
            request = GenerationRequest(
                task_id=str(at), model_id="-", prompt=TextPrompt(text=""), sampling=Sampling(temperature=0), stop=[]
            )
            tokens = list(range(40, 40 + PROMPT + at))
            self.leader.take(Prepared(request, tokens=tokens, limit=TOKENS, received=0.0))

    def work(self, steps: int) -> None:
        for _ in range(steps):
            self.leader.work()

    def work_until(self, holds: Callable[[], bool]) -> bool:
        """Takes as many steps as that needs, but no more than SOON."""
        for _ in range(SOON):
            if holds():
                return True
            self.leader.work()
        return holds()

    def finish(self) -> dict[str, str]:
        """Ends the epoch. Returns the text of each answer."""
        while self.leader.has_work:
            self.leader.work()
        self.leader.rest()
        self._epoch.result(60)
        texts: dict[str, str] = {}
        for frame in self.frames:
            for item in frame["items"] if frame["type"] == "tokens" else ():
                said = "".join(delta["text"] for delta in item["content"])
                texts[item["taskId"]] = texts.get(item["taskId"], "") + said
        return texts

    def totals(self) -> set[int]:
        """The budgets of both ranks, between two epochs."""
        return {self.engine._schedule._budget.total, self.follower._schedule._budget.total}

    def kept(self) -> set[int]:
        """The bytes that each rank keeps for prefixes."""
        caches = [self.engine.cache, self.follower._schedule.cache]
        return {cache.nbytes for cache in caches if cache is not None}

    def close(self) -> None:
        # Ends a follower that waits for rank 0, after a failure.
        self._ends[0].close()
        self._pool.shutdown()


@pytest.fixture(params=[lambda: ring(2), summed], ids=["ring", "collective"])
def pair(request: pytest.FixtureRequest, tiny: Path) -> Iterator[Pair]:
    ranks = Pair(tiny, request.param())
    yield ranks
    ranks.close()


def test_pressure_begins_and_ends_with_some_distance() -> None:
    now, share = [0.0], [0.5]
    pressure = MemoryPressure(TOTAL, CLAIMED, share=lambda: share[0], clock=lambda: now[0])

    def after_a_second(free: float) -> int | None:
        now[0] += 1
        share[0] = free
        return pressure.changed()

    assert after_a_second(SHORT + 0.01) is None
    assert after_a_second(SHORT - 0.01) == CLAIMED
    assert after_a_second(ENOUGH) is None
    assert after_a_second(ENOUGH + 0.01) == TOTAL


def test_memory_is_read_once_a_second_however_many_steps_there_are() -> None:
    now, reads = [0.0], [0]

    def share() -> float:
        reads[0] += 1
        return 0.01

    pressure = MemoryPressure(TOTAL, CLAIMED, share, clock=lambda: now[0])
    for step in range(1, 100):
        now[0] = step / 10
        pressure.changed()
        pressure.is_short()
    assert reads[0] == 9


def test_nothing_is_read_where_nothing_can_be_given_back() -> None:
    def share() -> float:
        raise AssertionError("read")

    pressure = MemoryPressure(TOTAL, None, share, clock=itertools.count().__next__)
    assert [pressure.changed(), pressure.changed(others_short=True), pressure.is_short()] == [None, None, False]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_shortage_on_any_machine_shrinks_the_budget_of_all_ranks(pair: Pair, rank: int) -> None:
    pair.ask()
    expected = pair.finish()
    assert [len(pair.resized), pair.totals(), len(expected)] == [0, {TOTAL}, REQUESTS]
    (kept,) = pair.kept()
    pair.frames.clear()
    pair.ask()
    machine = pair.machines[rank]
    # Twice, while requests are live.
    for free, total in ((0.01, CLAIMED), (1.0, TOTAL)) * 2:
        before = len(pair.resized)
        machine.free = free
        assert pair.work_until(lambda before=before: len(pair.resized) > before)
        assert pair.resized[before:] == [total]
    machine.free = 0.01
    # What was preempted and computed again is the same text.
    assert pair.finish() == expected
    assert pair.follower.steps == pair.leader.steps
    assert pair.totals() == {CLAIMED}
    (still_kept,) = pair.kept()
    assert still_kept < kept


def test_memory_comes_back_only_when_no_machine_is_short(pair: Pair) -> None:
    pair.ask()
    for machine in pair.machines:
        machine.free = 0.01
    pair.work(SOON)
    assert pair.resized == [CLAIMED]
    pair.machines[0].free = 1.0
    pair.work(SOON)
    assert pair.resized == [CLAIMED]
    pair.machines[0].free, pair.machines[1].free = 0.01, 1.0
    pair.work(SOON)
    assert pair.resized == [CLAIMED]
    pair.machines[0].free = 1.0
    assert pair.work_until(lambda: pair.resized == [CLAIMED, TOTAL])
    pair.finish()


def test_a_machine_that_ran_short_while_idle_tells_when_requests_come(pair: Pair) -> None:
    pair.ask()
    pair.finish()
    pair.machines[1].free = 0.01
    pair.ask()
    assert pair.work_until(lambda: pair.resized == [CLAIMED])
    pair.finish()
    assert pair.totals() == {CLAIMED}
