"""Generates once before the first request does, which then need not pay for what is made at first use."""

from contextlib import suppress
from typing import Any

from muster_runner.chat_template import TemplateError
from muster_runner.engine import Engine, EngineOptions
from muster_runner.intake import Prepared
from muster_runner.lockstep import Lockstep
from muster_runner.protocol import Generate, Sampling
from muster_runner.tokenizer import Tokenizer

PROMPT = 8
TOKENS = 2


def warm_up(model: Any, tokenizer: Tokenizer, lockstep: Lockstep | None = None) -> int:
    """On several ranks all have to. Returns how many bytes of cache a token takes: of all drawn, only the last is
    never fed."""
    with suppress(TemplateError):
        tokenizer.encode_chat([{"role": "user", "content": "hello"}])
    engine = Engine(
        model,
        tokenizer,
        EngineOptions(
            cache_bytes=1 << 62, generation_config={}, prefill_step=PROMPT, lookahead=False, lockstep=lockstep
        ),
        emit=lambda **_frame: None,
    )
    request = Generate("warm-up", messages=None, text="", sampling=Sampling(temperature=0), max_tokens=TOKENS)
    engine.add(Prepared(request, tokens=[0] * PROMPT, limit=TOKENS, received=0.0))
    # Every rank has the request as its own and is given the same tokens: all make the same steps.
    while engine.active:
        engine.step()
        engine.end(engine.take_ended())
    return max(1, engine.cache.nbytes // (PROMPT + TOKENS - 1))
