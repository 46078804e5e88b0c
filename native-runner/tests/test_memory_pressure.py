"""A machine that runs short of memory shrinks the budget, on all ranks of a model in the same step."""

import itertools
from collections import deque
from pathlib import Path
from typing import Any

from mlx_lm.utils import load_model

from muster_runner.cache.cache_layers import Footprint
from muster_runner.cache.memory_budget import MemoryBudget
from muster_runner.cache.memory_pressure import ENOUGH, SHORT, MemoryPressure
from muster_runner.distributed.following import Follower
from muster_runner.distributed.leading import Leader
from muster_runner.distributed.lockstep import Order
from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.failures import Disagreement
from muster_runner.model.architectures import ALL
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt
from muster_runner.tokenization.tokenizer import load_tokenizer

TOTAL, CLAIMED = 10_000, 4_000
TOKENS = 12


class RecordedControl:
    """What rank 0 says before each step, for another rank to repeat later."""

    def __init__(self) -> None:
        self._messages: deque[tuple[int, bytes]] = deque()

    def lead(self, mark: int, restored: int, body: bytes) -> int:
        self._messages.append((mark, body))
        return restored

    def follow(self, mark: int, restored: int) -> tuple[int, bytes]:
        expected, body = self._messages.popleft()
        if mark != expected:
            raise Disagreement("out of step")
        return restored, body


class OneOfTwo:
    def __init__(self, rank: int, control: RecordedControl):
        self.rank, self.size, self.control = rank, 2, control


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


def test_all_ranks_follow_the_memory_of_the_first_in_the_same_step(tiny: Path) -> None:
    model, config = load_model(tiny)
    tokenizer = load_tokenizer(tiny, config)
    budget = MemoryBudget(TOTAL, Footprint(per_token=10))
    options = EngineOptions(ALL, {}, PrefillSteps(16, 16), lookahead=False, budget=budget, claimed=CLAIMED)
    frames: list[dict[str, Any]] = []
    control = RecordedControl()
    engine = Engine(model, tokenizer, AnswerRules(tokenizer, None), options, emit=lambda **frame: frames.append(frame))
    free, seconds = [1.0], itertools.count()
    engine._pressure = MemoryPressure(TOTAL, CLAIMED, share=lambda: free[0], clock=lambda: next(seconds))
    group: Any = OneOfTwo(0, control)
    leader = Leader(engine, group, wake=lambda _epoch: None)
    tell, resized = engine.on_order, []

    def told(order: Order) -> None:
        if order[0] == "resize":
            resized.append(order[2])
        tell(order)

    engine.on_order = told
    for at in range(3):
        request = GenerationRequest(
            task_id=str(at), model_id="-", prompt=TextPrompt(text=""), sampling=Sampling(temperature=0), stop=[]
        )
        leader.take(Prepared(request, tokens=list(range(40, 70 + at)), limit=TOKENS, received=0.0))
    for step in range(200):
        if not leader.has_work:
            break
        free[0] = 0.01 if step % 4 < 2 else 1.0
        leader.work()
    leader.rest()
    assert [frame["type"] for frame in frames].count("finished") == 3
    assert resized[:4] == [CLAIMED, TOTAL, CLAIMED, TOTAL]
    group = OneOfTwo(1, control)
    follower = Follower(model, group, options)
    follower.work()
    assert follower.steps == leader.steps
