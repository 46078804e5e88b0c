"""A conversation whose states cannot be trimmed continues from a checkpoint near any of its latest turns."""

from itertools import pairwise

import pytest
from requests_alone import alone, answers, prefix_cache, prompt, schedule, tiny_model
from tiny_sizes import VOCABULARY

from muster_runner.cache.checkpoints import APART, BETWEEN, EVERY, FIRST, LAST, checkpoints

MARK = 1
TURN = 280


def conversation(turns: int, length: int = TURN) -> list[int]:
    """Turns of ``length`` tokens, each of which starts with a mark."""
    return [
        token
        for at in range(turns)
        for token in [MARK, *(2 + one % (VOCABULARY - 2) for one in prompt(length - 1, at))]
    ]


@pytest.mark.parametrize("name", ["gemma3_text", "qwen3_next"])
@pytest.mark.parametrize("back", [2, 5])
def test_going_back_some_turns_computes_only_what_follows(name: str, back: int) -> None:
    """Even where the whole conversation arrived at once."""
    turns = 12
    model, able = tiny_model(name)
    cache = prefix_cache(model, able)
    tokens = conversation(turns)
    answers(schedule(model, able, cache, step=512), {"whole": tokens}, stops=tuple(checkpoints(tokens, {MARK})))
    start = (turns - back) * TURN
    branch = [*tokens[:start], MARK, *prompt(30, 9)]
    got, cached = answers(schedule(model, able, cache, step=512), {"branch": branch}, stops=(start,))
    assert got["branch"] == alone(model, branch)
    assert cached["branch"] == start


def test_earlier_turns_are_chosen_latest_first_and_apart_from_one_another() -> None:
    tokens = conversation(60, 100)
    positions = checkpoints(tokens, {MARK})
    boundaries = range(100, len(tokens), 100)
    turns = [at for at in positions if at % EVERY]
    assert set(turns) <= set(boundaries)
    assert turns[:FIRST] == [100, 200] and turns[-LAST:] == [5700, 5800, 5900]
    between = turns[FIRST:-LAST]
    assert len(between) == BETWEEN
    assert {later - earlier for earlier, later in pairwise(between)} == {300}
    assert APART <= 300
    assert [at for at in positions if at % EVERY == 0] == [2048, 4096]
    assert [at for at in checkpoints(tokens, {MARK}, 0) if at % EVERY] == [*turns[:FIRST], *turns[-LAST:]]
