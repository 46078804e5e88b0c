"""A schedule asks of a model only what its architecture can do: requests get the tokens that each would get alone."""

import mlx.core as mx
import pytest
from mlx_lm.generate import generate_step
from mlx_lm.models.cache import make_prompt_cache
from tiny_architectures import VOCABULARY, configurations, made

from muster_runner.architectures import abilities, within
from muster_runner.decoding import DecodingBatch
from muster_runner.prompt_cache import PromptCache
from muster_runner.sampling import GREEDY
from muster_runner.schedule import Schedule

ANSWER = 6


def prompt(length: int, seed: int) -> list[int]:
    return [(seed + 7 * at * at + 3 * at) % VOCABULARY for at in range(length)]


# All abilities; no trim; no pad; no batch; neither; nothing at all.
@pytest.mark.parametrize("name", ["llama", "qwen3_next", "mamba", "gemma2", "longcat_flash_ngram", "phi3small"])
def test_requests_at_once_are_answered_like_each_alone(name: str) -> None:
    config = configurations(name)[-1]
    model = made(config)
    able = within(abilities(config), model)
    cache = PromptCache(1 << 30) if able.resume else None
    schedule = Schedule(model, able, DecodingBatch(model, lookahead=False, together=able.batch), cache, prefill_step=8)
    first = prompt(9, 1)
    # The last two go on from what the first computed: from a part of it, and from all of it.
    waves = [
        {"long": first, "short": prompt(3, 4), "one": prompt(1, 5), "longest": prompt(30, 2)},
        {"branch": [*first[:6], *prompt(5, 8)], "next": [], "other": prompt(12, 6)},
    ]
    got: dict[str, list[int]] = {}
    known: dict[str, int] = {}
    for wave in waves:
        if "next" in wave:
            wave["next"] = [*first, *got["long"], *prompt(4, 9)]
        for task, tokens in wave.items():
            schedule.join(task, tokens, GREEDY)
        while schedule.active:
            for drawn in schedule.step():
                got.setdefault(drawn.task_id, []).append(drawn.token)
            done = [task for task in wave if len(got.get(task, [])) == ANSWER and task not in known]
            known |= {task: schedule.cached(task) for task in done}
            schedule.leave(done)
    for task, tokens in {**waves[0], **waves[1]}.items():
        # One pass for all but the last token, as an architecture that cannot compute in pieces needs it.
        alone = generate_step(mx.array(tokens), model, max_tokens=ANSWER, prompt_cache=make_prompt_cache(model))
        assert got[task] == [int(token) for token, _ in alone], task
    assert (known["next"] > 0) == able.resume
    assert (known["branch"] > 0) == (able.resume and able.trim)
