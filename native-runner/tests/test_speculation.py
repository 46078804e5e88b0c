"""Guesses make a text come sooner and never change it."""

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache
from requests_alone import alone, prompt, tiny_model

from muster_runner.decoding import DecodingBatch
from muster_runner.prefill import Prefill
from muster_runner.protocol import Sampling
from muster_runner.sampling import drawing
from muster_runner.sequence import Sequence
from muster_runner.speculation import FIRST_PAUSE, MOST_DRAFT, Payoff, PromptLookup

LONG = 150


def sequence(model: Any, tokens: list[int], **sampling: Any) -> Sequence:
    prefill = Prefill(tokens, make_prompt_cache(model), 0)
    while prefill.left:
        prefill.advance(model, 512)
    return Sequence("one", tokens[:-1], tokens[-1], prefill.cache, drawing(Sampling(**sampling), {}))


class Always(Payoff):
    """Guesses whenever it can, whether it pays or not; counts passes."""

    def __init__(self) -> None:
        super().__init__()
        self.guesses = self.drawn = self.passes = 0

    def wants(self) -> bool:
        return True

    def guessed(self, guesses: int, drawn: int, seconds: float) -> None:
        self.guesses, self.drawn, self.passes = self.guesses + guesses, self.drawn + drawn, self.passes + 1


def generated(
    model: Any, tokens: list[int], payoff: Payoff | None, lookahead: bool, count: int, **sampling: Any
) -> tuple[list[int], Sequence]:
    batch = DecodingBatch(model, lookahead, together=True, speculates=payoff is not None)
    batch._payoff = payoff
    batch.join(sequence(model, tokens, **sampling))
    got: list[int] = []
    while len(got) < count:
        got += [news.token for news in batch.step()]
    (left,) = batch.leave(["one"])
    return got, left


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_model("llama")[0]


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("length", [7, 300])
def test_greedy_text_is_the_same(model: Any, lookahead: bool, length: int) -> None:
    """A tiny model soon repeats itself, so guesses come true; its prompt has runs that do not."""
    tokens = [*prompt(length, 1), *prompt(length, 1)]
    payoff = Always()
    got, left = generated(model, tokens, payoff, lookahead, LONG, temperature=0)
    assert got[:LONG] == alone(model, tokens, LONG)
    assert payoff.passes > 5 and payoff.drawn > payoff.passes
    assert payoff.drawn < payoff.guesses + payoff.passes
    # Its cache holds its tokens, and no guess that did not come true.
    known = tokens + got
    assert left.tokens == known[: len(left.tokens)]
    assert {layer.offset for layer in left.cache} == {len(left.tokens)}
    (rest,) = model(mx.array([[5]]), cache=left.cache)[:, -1]
    expected = model(mx.array([[*left.tokens, 5]]))[0, -1]
    assert mx.allclose(rest, expected, atol=1e-3).item()


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("temperature", [0.05, 0.7])
def test_text_with_a_seed_is_the_same(model: Any, lookahead: bool, temperature: float) -> None:
    tokens, sampling = [*prompt(60, 1), *prompt(60, 1)], {"temperature": temperature, "seed": 5, "top_p": 0.9}
    plain, _ = generated(model, tokens, None, False, LONG, **sampling)
    payoff = Always()
    got, _ = generated(model, tokens, payoff, lookahead, LONG, **sampling)
    assert got[:LONG] == plain[:LONG]
    assert payoff.passes > 0


def test_others_join_and_leave_one_that_is_guessed_for(model: Any) -> None:
    batch = DecodingBatch(model, lookahead=False, together=True, speculates=True)
    batch._payoff = payoff = Always()
    tokens = prompt(40, 1) * 2
    batch.join(sequence(model, tokens, temperature=0))
    got: list[int] = []
    for step in range(120):
        if step in (5, 80):
            other = sequence(model, prompt(30 + step, step), temperature=0)
            other.task_id = "other"
            batch.join(other)
        if step in (15, 95):
            batch.leave(["other"])
        got += [news.token for news in batch.step() if news.task_id == "one"]
    assert got == alone(model, tokens, len(got))
    assert payoff.passes > 0


@pytest.mark.parametrize("sampling", [{"repetition_penalty": 1.3}, {"frequency_penalty": 0.5}])
def test_what_depends_on_each_token_is_not_guessed(model: Any, sampling: dict[str, Any]) -> None:
    tokens = prompt(40, 1) * 2
    payoff = Always()
    got, _ = generated(model, tokens, payoff, False, 40, temperature=0, **sampling)
    plain, _ = generated(model, tokens, None, False, 40, temperature=0, **sampling)
    assert (got, payoff.passes) == (plain, 0)


def test_a_guess_follows_the_longest_known_run_and_goes_on_where_the_last_came_true() -> None:
    lookup = PromptLookup()
    text = [*range(1, 30), 99, 98, *range(5, 9)]
    assert lookup.draft(text, 4) == [9, 10, 11, 12]
    lookup.taken(5)
    assert lookup.draft([*text, 9, 10, 11, 12, 13], 3) == [14, 15, 16]
    # It came true in part: 14, and then another token, after which nothing is known.
    lookup.taken(2)
    assert lookup.draft([*text, 9, 10, 11, 12, 13, 14, 77], 3) == []
    assert lookup.draft([*text, 9, 10, 11, 12, 13, 14, 77, 20, 21, 22], 3) == [23, 24, 25]
    assert PromptLookup().draft([1, 2], 3) == []


def feed(payoff: Payoff, attempts: int, drawn: Callable[[int], int], seconds: float) -> int:
    """Runs passes of which plain ones take a second; returns how many guessed."""
    guessed = 0
    for _ in range(attempts):
        if payoff.wants():
            guessed += 1
            length = payoff.length
            payoff.guessed(length, drawn(length), seconds)
        else:
            payoff.plain(1.0)
    return guessed


def test_guessing_stops_by_itself_where_it_does_not_pay() -> None:
    payoff = Payoff()
    assert not payoff.wants()
    assert feed(payoff, 600, lambda _: 1, seconds=1.5) < 10
    payoff = Payoff()
    assert feed(payoff, 600, lambda length: length + 1, seconds=2.0) > 590
    assert payoff.length == MOST_DRAFT
    assert feed(payoff, FIRST_PAUSE // 2, lambda length: length + 1, seconds=1e3) == 1
