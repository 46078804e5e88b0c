"""Generates once before the first request does, which then need not pay for what is made at first use."""

from muster_runner.answer_rules import AnswerRules
from muster_runner.engine import Engine, EngineOptions
from muster_runner.following import Follower
from muster_runner.group import Group
from muster_runner.intake import Prepared
from muster_runner.leading import Leader
from muster_runner.loading import LoadedModel
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt
from muster_runner.tokenizer import Tokenizer

PROMPT = 8
TOKENS = 2


def warm_up(loaded: LoadedModel, tokenizer: Tokenizer, group: Group | None) -> int:
    """On the rank that answers. Returns how many bytes of cache a token takes here: of all drawn, only the last is
    never fed. Raises PeerLost."""
    engine = Engine(
        loaded.model,
        tokenizer,
        AnswerRules(tokenizer, vocabulary=None),
        EngineOptions(
            able=loaded.able, cache_bytes=1 << 62, generation_config={}, prefill_step=PROMPT, lookahead=False
        ),
        emit=lambda **_frame: None,
    )
    # The others are on their way here by themselves: nobody has to wake them.
    worker = engine if group is None else Leader(engine, group, wake=lambda _epoch: None)
    request = GenerationRequest(
        task_id="warm-up", model_id="-", prompt=TextPrompt(text=""), sampling=Sampling(temperature=0), stop=[]
    )
    engine.add(Prepared(request, tokens=[0] * PROMPT, limit=TOKENS, received=0.0))
    while engine.active:
        worker.step()
    worker.rest()
    kept = engine.cache.nbytes if engine.cache is not None else 0
    return max(1, kept // (PROMPT + TOKENS - 1))


def warm_up_along(loaded: LoadedModel, group: Group) -> None:
    """On every other rank, at the same time. Raises PeerLost."""
    Follower(loaded.model, loaded.able, group, prefill_step=PROMPT, reuse=True).follow()
