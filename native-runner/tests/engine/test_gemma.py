"""A real model with a sliding window (gemma-3-270m): texts longer than the window give what mlx-lm gives alone.

Long counts: only with MUSTER_SOAK, as ``npm run test:soak`` has it.
"""

import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from drafting import Always
from mlx_lm.models.cache import RotatingKVCache, make_prompt_cache
from mlx_lm.utils import load_model
from requests_alone import alone, answers, prefix_cache, schedule

from muster_runner.engine.proposer import Proposer
from muster_runner.engine.speculation import LONGEST_DRAFT
from muster_runner.model.architectures import abilities, within
from muster_runner.tokenization.tokenizer import load_tokenizer

ROOT = Path(__file__).resolve().parents[3]
GEMMA = Path(os.environ.get("MUSTER_GEMMA_MODEL") or ROOT / ".cache/gemma/google/gemma-3-270m")
WINDOW = 512
STEP = 256
ANSWER = 8

pytestmark = pytest.mark.skipif("MUSTER_SOAK" not in os.environ, reason="needs MUSTER_SOAK")


@cache
def gemma() -> tuple[Any, Any, list[int]]:
    """The model, what it can do, and the tokens of a long text: this project's licence."""
    model, config = load_model(GEMMA)
    # In 32 bits, so that no two tokens are equally likely.
    model.set_dtype(mx.float32)
    tokens = load_tokenizer(GEMMA, config).encode((ROOT / "LICENSE").read_text(), templated=False)
    assert len(tokens) > 4 * WINDOW
    return model, within(abilities(config), model), tokens


def test_its_layers_keep_a_window_of_512_tokens_and_every_sixth_all() -> None:
    model, _, _ = gemma()
    windows = [getattr(layer, "max_size", None) for layer in make_prompt_cache(model)]
    assert windows == [None if at % 6 == 5 else WINDOW for at in range(18)]
    assert isinstance(make_prompt_cache(model)[0], RotatingKVCache)


def test_it_reads_a_text_beyond_its_window_well() -> None:
    """So its weights, its tokenizer and its window are those that it was trained with."""
    model, _, tokens = gemma()
    caches = make_prompt_cache(model)
    losses: list[float] = []
    for start in range(0, 3 * WINDOW, STEP):
        piece = mx.array([tokens[start : start + STEP]])
        logits = model(piece, cache=caches).astype(mx.float32)
        following = mx.array([tokens[start + 1 : start + 1 + STEP]])
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        losses += mx.take_along_axis(logprobs, following[..., None], -1).flatten().tolist()
    # It is 8.6 in 32 bits.
    assert math.exp(-sum(losses[WINDOW:]) / len(losses[WINDOW:])) < 10


def test_requests_beyond_the_window_get_the_tokens_of_mlx_lm_together_and_from_kept_prefixes(tmp_path: Path) -> None:
    model, able, tokens = gemma()
    stops = (WINDOW + 100, 2 * WINDOW + 50)
    prompts = {
        "short": tokens[:30],
        "as long as the window": tokens[:WINDOW],
        "long": tokens[: 3 * WINDOW],
        "another": tokens[700 : 700 + WINDOW + 90],
    }
    expected = {task: alone(model, one, ANSWER) for task, one in prompts.items()}
    kept = prefix_cache(model, able, tmp_path)
    got, cached = answers(schedule(model, able, kept, step=STEP), prompts, ANSWER, stops)
    assert got == expected
    assert set(cached.values()) == {0}
    # Back to a point before the end: the window there was kept at a checkpoint.
    back = {"back": [*tokens[: stops[1]], *tokens[50:90]]}
    expected_back = {"back": alone(model, back["back"], ANSWER)}
    got, cached = answers(schedule(model, able, kept, step=STEP), back, ANSWER, stops)
    assert (got, cached) == (expected_back, {"back": stops[1]})
    kept._disk.flush(60)
    after_restart = prefix_cache(model, able, tmp_path)
    got, cached = answers(schedule(model, able, after_restart, step=STEP), back, ANSWER, stops)
    assert (got, cached["back"] >= stops[1]) == (expected_back, True)


def test_texts_that_repeat_their_prompt_beyond_the_window_come_several_tokens_at_a_time() -> None:
    """Alone, and while another comes and goes."""
    model, able, tokens = gemma()
    assert able.verify
    count = 60
    prompts = {"copy": [*tokens[: WINDOW + 200], *tokens[:40]], "other": [*tokens[900:1500], *tokens[900:940]]}
    expected = {task: alone(model, one, count) for task, one in prompts.items()}
    payoff = Always()
    proposer = Proposer(lookups=payoff)
    running = schedule(model, able, None, step=STEP, proposer=proposer, margin=LONGEST_DRAFT)
    got, _ = answers(running, {"copy": prompts["copy"]}, count)
    assert got["copy"] == expected["copy"]
    assert payoff.drawn > 2 * payoff.passes > 0
    got, _ = answers(running, prompts, count)
    assert got == expected
