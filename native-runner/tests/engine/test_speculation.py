"""Draft tokens make a text come sooner and never change it."""

from collections.abc import Callable
from collections.abc import Sequence as Several
from functools import cache
from typing import Any

import pytest
from drafting import COMINGS, GOINGS, Always, holds_its_tokens, sequence
from requests_alone import alone, prompt, tiny_model
from tiny_sizes import VOCABULARY

from muster_runner.engine.decoding import DecodingBatch
from muster_runner.engine.proposer import MAX_FED, Proposer
from muster_runner.engine.sequence import Sequence
from muster_runner.engine.speculation import (
    FIRST_PAUSE,
    LONGEST_DRAFT,
    Pace,
    Payoff,
    PromptLookup,
    draft_pace,
    lookup_pace,
)

LONG = 150


def generated(
    model: Any, tokens: list[int], payoff: Payoff | None, lookahead: bool, count: int, **sampling: Any
) -> tuple[list[int], Sequence]:
    proposer = payoff and Proposer(lookups=payoff)
    batch = DecodingBatch(model, lookahead, together=True, proposer=proposer, margin=LONGEST_DRAFT)
    batch.join(sequence(model, tokens, **sampling))
    got: list[int] = []
    while len(got) < count:
        got += [news.token for news in batch.step()]
    (left,) = batch.leave(["one"])
    return got, left


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_model("llama")[0]


@pytest.fixture(scope="module", params=["gemma3_text", "gpt_oss", "qwen3_next", "mamba2"])
def stateful(request: pytest.FixtureRequest) -> Any:
    """A model with recurrent states, or with windows that are shorter than the texts here, and than drafts."""
    return tiny_model(request.param)[0]


@pytest.fixture(scope="module")
def stateful_text(stateful: Any) -> Callable[..., list[int]]:
    """What the model generates after ``prompt(60, 1)`` without speculation."""

    @cache
    def text(**sampling: Any) -> list[int]:
        plain, _ = generated(stateful, prompt(60, 1), None, False, 2 * LONG, **sampling)
        assert sampling["temperature"] > 0 or plain == alone(stateful, prompt(60, 1), 2 * LONG)
        return plain

    return text


class Knows(PromptLookup):
    """Drafts ``text``, prompt and answer, with some tokens wrong; after every other of them nothing."""

    def __init__(self, text: list[int]):
        super().__init__()
        self._text = text

    def draft(self, tokens: Several[int], max_length: int) -> list[int]:
        ahead = self._text[len(tokens) : len(tokens) + max_length] if len(tokens) % 82 != 1 else []
        return [(token + (at % 41 == 0)) % VOCABULARY for at, token in enumerate(ahead, len(tokens))]


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("length", [7, 300])
def test_greedy_text_is_the_same(model: Any, lookahead: bool, length: int) -> None:
    """A tiny model soon repeats itself, so drafts are accepted; its prompt has runs that do not."""
    tokens = [*prompt(length, 1), *prompt(length, 1)]
    payoff = Always()
    got, left = generated(model, tokens, payoff, lookahead, LONG, temperature=0)
    assert got[:LONG] == alone(model, tokens, LONG)
    assert payoff.passes > 5 and payoff.drawn > payoff.passes
    known = tokens + got
    assert left.tokens == known[: len(left.tokens)]
    holds_its_tokens(model, left)


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("temperature", [0.05, 0.7])
def test_text_with_a_seed_is_the_same(model: Any, lookahead: bool, temperature: float) -> None:
    tokens, sampling = [*prompt(60, 1), *prompt(60, 1)], {"temperature": temperature, "seed": 5, "top_p": 0.9}
    plain, _ = generated(model, tokens, None, False, LONG, **sampling)
    payoff = Always()
    got, _ = generated(model, tokens, payoff, lookahead, LONG, **sampling)
    assert got[:LONG] == plain[:LONG]
    assert payoff.passes > 0


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize("sampling", [{"temperature": 0}, {"temperature": 0.7, "seed": 5}], ids=["greedy", "seed"])
def test_text_is_the_same_with_states_or_windows(
    stateful: Any, stateful_text: Callable[..., list[int]], lookahead: bool, sampling: dict[str, Any]
) -> None:
    """Whole windows are drafted in one pass, and some rejected."""
    tokens, plain = prompt(60, 1), stateful_text(**sampling)
    payoff = Always()
    knows = Knows(tokens + plain)
    got, left = generated(stateful, tokens, payoff, lookahead, 2 * LONG - 50, lookup=knows, **sampling)
    assert got == plain[: len(got)]
    assert payoff.drawn > 8 * payoff.passes
    holds_its_tokens(stateful, left)


def together(
    model: Any,
    payoff: Always | None,
    lookahead: bool,
    pass_tokens: int,
    ragged: bool,
    known: dict[str, list[int]] | None = None,
) -> tuple[dict[str, list[int]], dict[str, Sequence]]:
    """What each sequence that came got until it left, and how it left. ``known``: the answers, to be drafted."""
    proposer = payoff and Proposer(lookups=payoff)
    batch = DecodingBatch(model, lookahead, True, pass_tokens, proposer, ragged, LONGEST_DRAFT)
    got: dict[str, list[int]] = {}
    left: dict[str, Sequence] = {}
    verified: list[tuple[str, int, int]] = []
    for step in range(130):
        for task, length, sampling in COMINGS.get(step, []):
            got[task] = []
            tokens = prompt(length, len(task)) * 2
            lookup = None if known is None else Knows(tokens + known[task])
            batch.join(sequence(model, tokens, task, lookup, **sampling))
        for gone in batch.leave(GOINGS.get(step, [])):
            left[gone.task_id] = gone
        for news in batch.step():
            got[news.task_id].append(news.token)
        verified += batch.verified
    # What is counted for metrics is what the tokens came from.
    assert all(0 <= accepted <= drafted for _, drafted, accepted in verified)
    if payoff is not None:
        assert (len(verified), sum(accepted + 1 for *_, accepted in verified)) == (payoff.sequences, payoff.drawn)
    return got, left | {one.task_id: one for one in batch.leave(["c", "e"])}


@pytest.fixture(scope="module")
def plain(model: Any) -> dict[str, list[int]]:
    return together(model, None, False, 4, ragged=False)[0]


@pytest.fixture(scope="module")
def stateful_plain(stateful: Any) -> dict[str, list[int]]:
    return together(stateful, None, False, 4, ragged=False)[0]


@pytest.mark.parametrize("lookahead", [False, True], ids=["in order", "lookahead"])
@pytest.mark.parametrize(
    ("pass_tokens", "ragged"), [(4, False), (4, True), (4096, False)], ids=["apart", "ragged", "padded"]
)
def test_several_sequences_get_the_same_tokens_as_without_speculation(
    model: Any, plain: dict[str, list[int]], lookahead: bool, pass_tokens: int, ragged: bool
) -> None:
    payoff = Always()
    got, left = together(model, payoff, lookahead, pass_tokens, ragged)
    assert payoff.passes > 10 and payoff.drawn > payoff.sequences
    for task, tokens in got.items():
        count = min(len(tokens), len(plain[task]))
        assert count > 10 and tokens[:count] == plain[task][:count]
    for one in left.values():
        holds_its_tokens(model, one)


@pytest.mark.parametrize(
    ("pass_tokens", "ragged"), [(4, False), (4, True), (4096, False)], ids=["apart", "ragged", "padded"]
)
def test_several_sequences_get_the_same_tokens_with_states_or_windows(
    stateful: Any, stateful_plain: dict[str, list[int]], pass_tokens: int, ragged: bool
) -> None:
    payoff = Always()
    got, left = together(stateful, payoff, False, pass_tokens, ragged, stateful_plain)
    assert payoff.passes > 10 and payoff.drawn > 3 * payoff.sequences
    for task, tokens in got.items():
        count = min(len(tokens), len(stateful_plain[task]))
        assert count > 10 and tokens[:count] == stateful_plain[task][:count]
    for one in left.values():
        holds_its_tokens(stateful, one)


def test_fruitless_lookups_back_off_when_steps_overlap(model: Any) -> None:
    proposer = Proposer(overlaps=True, lookups=Always())
    one = sequence(model, list(range(40)))
    looked = 0
    for _ in range(64):
        if proposer.wants(1):
            looked += 1
            assert proposer.propose([(one, 50)], width=1) == {}
        proposer.plain(1, 1.0)
    assert looked < 16


@pytest.mark.parametrize("sampling", [{"repetition_penalty": 1.3}, {"frequency_penalty": 0.5}])
def test_sequences_with_penalties_or_constraints_are_not_drafted(model: Any, sampling: dict[str, Any]) -> None:
    tokens = prompt(40, 1) * 2
    payoff = Always()
    got, _ = generated(model, tokens, payoff, False, 40, temperature=0, **sampling)
    plain, _ = generated(model, tokens, None, False, 40, temperature=0, **sampling)
    assert (got, payoff.passes) == (plain, 0)


def test_draft_lengths_shrink_with_the_number_of_sequences(model: Any) -> None:
    proposer = Proposer(lookups=Always())
    ones = [(sequence(model, prompt(20, 1) * 3), 5) for _ in range(2)]
    ones = [(one, one.following) for one, _ in ones]
    (first, _) = ones[0]
    first.lookup_pace.length = 32
    assert max(map(len, proposer.propose(ones[:1], width=16).values())) == MAX_FED // 16 - 1
    assert proposer.propose(ones, width=MAX_FED) == {}


def test_a_lookup_uses_the_longest_n_gram_and_continues_an_accepted_draft() -> None:
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


def test_no_draft_is_longer_than_windows_allow_for() -> None:
    assert max(pace().max_length for pace in (lookup_pace, draft_pace)) <= LONGEST_DRAFT


def feed(payoff: Payoff, pace: Pace, attempts: int, drawn: Callable[[int], int], seconds: float) -> int:
    """Runs passes of which plain ones take a second; returns how many were speculative."""
    speculative = 0
    for _ in range(attempts):
        if payoff.wants(1):
            speculative += 1
            length = pace.length
            payoff.verified(1, drawn(length), seconds)
            pace.verified(length, drawn(length) - 1)
        else:
            payoff.plain(1, 1.0)
    return speculative


def test_speculation_pauses_when_it_does_not_pay_off() -> None:
    payoff = Payoff()
    assert not payoff.wants(1)
    assert feed(payoff, lookup_pace(), 600, lambda _: 1, seconds=1.5) < 10
    payoff, pace = Payoff(), lookup_pace()
    assert feed(payoff, pace, 600, lambda length: length + 1, seconds=2.0) > 590
    assert pace.length == pace.max_length
    assert feed(payoff, pace, FIRST_PAUSE // 2, lambda length: length + 1, seconds=1e3) == 1


def test_the_payoff_counts_the_tokens_of_all_sequences_together() -> None:
    payoff = Payoff()
    payoff.plain(4, 1.0)
    assert payoff.wants(4) and not payoff.wants(3)
    # One of four drew 5 tokens while the others drew 1: 8 in twice the time is no more than 4 in one.
    payoff.verified(4, 8, 2.0)
    assert not payoff.wants(4)
