"""The decoding batch, compared with mlx-lm generating for each request alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.generate import generate_step
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model

from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.prefill import Prefill
from muster_runner.engine.sequence import Sequence
from muster_runner.protocol import Sampling
from muster_runner.sampling.sampling import sampling_pipeline

PROMPTS = {"one token": [65], "short": [66, 67, 68], "long": list(range(40, 120)), "again": [65, 66] * 20}


@pytest.fixture(scope="module")
def model(tiny: Path) -> Any:
    loaded, _ = load_model(tiny)
    return loaded


@pytest.fixture(params=[False, True], ids=["in order", "lookahead"])
def batch(model: Any, request: pytest.FixtureRequest) -> DecodingBatch:
    return DecodingBatch(model, lookahead=request.param, together=True)


def sequence(model: Any, task_id: str, tokens: list[int], **sampling: Any) -> Sequence:
    prefill = Prefill(tokens, make_prompt_cache(model), 0)
    while prefill.remaining:
        prefill.advance(model, 7)
    return Sequence(task_id, tokens[:-1], tokens[-1], prefill.cache, sampling_pipeline(Sampling(**sampling), {}))


def alone(model: Any, tokens: list[int], count: int) -> list[int]:
    return [int(token) for token, _ in generate_step(mx.array(tokens), model, max_tokens=count)]


def steps(batch: DecodingBatch) -> Iterator[dict[str, int]]:
    while True:
        yield {drawn.task_id: drawn.token for drawn in batch.step()}


def take(batch: DecodingBatch, count: int, until: str) -> dict[str, list[int]]:
    """Steps until the request ``until`` has ``count`` tokens; what each got meanwhile."""
    got: dict[str, list[int]] = {}
    for news in steps(batch):
        for task_id, token in news.items():
            got.setdefault(task_id, []).append(token)
        if len(got.get(until, [])) == count:
            return got
    raise AssertionError


def test_tokens_are_those_of_one_request_alone(model: Any, batch: DecodingBatch) -> None:
    for task_id, tokens in PROMPTS.items():
        batch.join(sequence(model, task_id, tokens, temperature=0))
    got = take(batch, 25, until="long")
    assert got == {task_id: alone(model, tokens, 25) for task_id, tokens in PROMPTS.items()}


def test_joining_and_leaving_changes_nothing_for_the_others(model: Any, batch: DecodingBatch) -> None:
    batch.join(sequence(model, "long", PROMPTS["long"], temperature=0))
    got = take(batch, 5, until="long")["long"]
    batch.join(sequence(model, "short", PROMPTS["short"], temperature=0))
    batch.join(sequence(model, "never", PROMPTS["again"], temperature=0))
    assert [one.tokens for one in batch.leave(["never"])] == [PROMPTS["again"][:-1]]
    got += take(batch, 5, until="short")["long"]
    batch.leave(["short"])
    while len(got) < 25:
        got += [drawn.token for drawn in batch.step()]
    assert got == alone(model, PROMPTS["long"], 25)


def test_a_preempted_sequence_continues_where_it_was(model: Any, batch: DecodingBatch) -> None:
    for task_id in ("short", "again"):
        batch.join(sequence(model, task_id, PROMPTS[task_id], temperature=0))
    got = take(batch, 6, until="again")["again"]
    (left,) = batch.leave(["again"])
    known = PROMPTS["again"] + got
    # What was drawn last may not have been fed yet.
    assert left.tokens in (known, known[:-1])
    for layer in left.cache:
        layer.trim(len(left.tokens) - len(known) + 1)
    other = DecodingBatch(model, lookahead=False, together=True)
    other.join(Sequence("again", known[:-1], known[-1], left.cache, left.sampling))
    assert got + take(other, 10, until="again")["again"] == alone(model, PROMPTS["again"], 16)


def test_seeded_draws_do_not_depend_on_the_batch(model: Any, batch: DecodingBatch) -> None:
    seeded = {"temperature": 1.0, "seed": 11}
    other = DecodingBatch(model, lookahead=False, together=True)
    other.join(sequence(model, "dice", PROMPTS["short"], **seeded))
    expected = take(other, 12, until="dice")["dice"]
    for n in range(3):
        batch.join(sequence(model, f"noise {n}", PROMPTS["long"], temperature=1.0))
    batch.step()
    batch.join(sequence(model, "dice", PROMPTS["short"], **seeded))
    assert take(batch, 12, until="dice")["dice"] == expected


def test_a_repetition_penalty_sees_the_prompt_and_the_answer(model: Any, batch: DecodingBatch) -> None:
    batch.join(sequence(model, "plain", PROMPTS["short"], temperature=0))
    batch.join(sequence(model, "punished", PROMPTS["short"], temperature=0, repetition_penalty=3.0))
    got = take(batch, 20, until="punished")
    expected = list(PROMPTS["short"])
    for _ in range(20):
        logits = model(mx.array([expected]))[0, -1]
        known = mx.array(sorted(set(expected)))
        logits[known] = mx.where(logits[known] < 0, logits[known] * 3, logits[known] / 3)
        expected.append(int(mx.argmax(logits).item()))
    assert got["punished"] == expected[len(PROMPTS["short"]) :]
    assert got["plain"] == alone(model, PROMPTS["short"], 20)
    assert got["punished"] != got["plain"]


def test_tokens_of_a_step_share_its_log_probabilities_and_each_reads_its_own_row(
    model: Any, batch: DecodingBatch
) -> None:
    for name, tokens in PROMPTS.items():
        batch.join(sequence(model, name, tokens, temperature=0))
    while len(drawn := batch.step()) < len(PROMPTS):
        pass
    assert len({id(one.batch_logprobs) for one in drawn}) == 1
    assert [one.task_id for one in drawn] == list(PROMPTS)
    assert [int(mx.argmax(one.logprobs).item()) for one in drawn] == [one.token for one in drawn]


def test_an_empty_batch_does_nothing(batch: DecodingBatch) -> None:
    assert batch.step() == []
    assert batch.leave([]) == []
    assert (len(batch), batch.nbytes) == (0, 0)


@pytest.mark.parametrize("part", ["processors", "sampler"])
def test_failing_settings_are_reported_for_their_request_and_the_others_continue(
    model: Any, batch: DecodingBatch, part: str
) -> None:
    def fails(*_arguments: Any) -> mx.array:
        raise ValueError("cannot be followed")

    broken = sequence(model, "broken", PROMPTS["short"], temperature=0, repetition_penalty=2.0)
    broken.sampling = replace(broken.sampling, **{part: [fails] if part == "processors" else fails})
    batch.join(broken)
    batch.join(sequence(model, "long", PROMPTS["long"], temperature=0))
    got: list[int] = []
    told: Exception | None = None
    while len(got) < 8:
        for drawn in batch.step():
            if drawn.task_id == "long":
                assert drawn.error is None
                got.append(drawn.token)
            elif told is None:
                told = drawn.error
    assert isinstance(told, ValueError)
    assert got == alone(model, PROMPTS["long"], 8)


class Only:
    """A constraint that forbids all but one token, another in each step, as bits of a vocabulary of ``size``."""

    def __init__(self, size: int, fails_at: int = 1000):
        self.size, self.fails_at = size, fails_at
        self.taken: list[int] = []

    @property
    def allowed(self) -> int:
        return (37 * len(self.taken) + 5) % self.size

    def take(self, token: int) -> None:
        self.taken.append(token)

    def mask(self) -> np.ndarray | None:
        if len(self.taken) == self.fails_at:
            raise ValueError("no more")
        bits = np.zeros(self.size // 32 + 1, dtype=np.uint32)
        bits[self.allowed // 32] = np.uint32(1 << (self.allowed % 32))
        return bits


def constrained(model: Any, task_id: str, constraint: Only, **sampling: Any) -> Sequence:
    made = sequence(model, task_id, PROMPTS["short"], **sampling)
    made.sampling = replace(made.sampling, constraint=constraint)
    return made


def test_each_row_is_masked_by_its_own_constraint(model: Any, batch: DecodingBatch) -> None:
    narrow, wide = Only(100), Only(250)
    batch.join(constrained(model, "narrow", narrow, temperature=1))
    batch.join(sequence(model, "free", PROMPTS["long"], temperature=0))
    batch.join(constrained(model, "wide", wide, temperature=0, repetition_penalty=1.5))
    got = take(batch, 20, until="free")
    assert got["free"] == alone(model, PROMPTS["long"], 20)
    for task_id, constraint in (("narrow", narrow), ("wide", wide)):
        assert got[task_id] == [(37 * at + 5) % constraint.size for at in range(20)]
        # It is told every token of the answer, and none of the prompt.
        assert constraint.taken[:19] == got[task_id][:19]


def test_a_failing_constraint_is_an_error_of_its_sequence_only(model: Any, batch: DecodingBatch) -> None:
    batch.join(constrained(model, "failing", Only(100, fails_at=3), temperature=0))
    batch.join(sequence(model, "free", PROMPTS["long"], temperature=0))
    errors: dict[str, list[Exception | None]] = {"failing": [], "free": []}
    tokens = []
    while len(tokens) < 10:
        for drawn in batch.step():
            errors[drawn.task_id].append(drawn.error)
            tokens += [drawn.token] if drawn.task_id == "free" else []
    first = next(at for at, error in enumerate(errors["failing"]) if error)
    # Where steps overlap it is known one token before, with which the answer may end.
    assert first == 3 and str(errors["failing"][first]) == "no more"
    assert errors["free"] == [None] * 10
    assert tokens == alone(model, PROMPTS["long"], 10)
