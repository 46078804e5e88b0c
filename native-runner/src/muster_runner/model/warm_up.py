"""Warm-up: generates once before the first request, which saves it the first-use costs, and checks the model."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx

from muster_runner.cache.block_layout import NO_CACHES, Measured
from muster_runner.device import has_gpu
from muster_runner.distributed.following import Follower
from muster_runner.distributed.group import Group
from muster_runner.distributed.leading import Leader
from muster_runner.engine.engine import Engine
from muster_runner.engine.engine_options import EngineOptions
from muster_runner.engine.intake import Prepared
from muster_runner.engine.prefill import PrefillSteps
from muster_runner.engine.sequence import SampledToken
from muster_runner.failures import as_failure
from muster_runner.model.loading import LoadedModel
from muster_runner.model.model_files import ModelFileError
from muster_runner.model.weights import damaged
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.protocol import GenerationRequest, Sampling, TextPrompt
from muster_runner.rank import AnsweringRank
from muster_runner.tokenization.tokenizer import Tokenizer

PROMPT = 8
TOKENS = 2
# Batch sizes. A GPU compiles kernels for each new shape, which takes up to a minute: better now than during a request.
WIDTHS_ON_A_GPU = (1, 2, 4, 8, 16, 32)
# Prefill tokens per step: enough for all requests, so that they decode together.
PREFILL_TOKENS = PROMPT * WIDTHS_ON_A_GPU[-1]


@dataclass(frozen=True)
class WarmedUp:
    """``caches``: what was measured of them; ``vocabulary_size``: tokens that the model computes logits for."""

    caches: Measured
    vocabulary_size: int


class LogitsCheck:
    """Checks the logits of the first tokens, and counts them."""

    def __init__(self) -> None:
        self.finite = True
        self.all_equal = True
        self.count = 0

    def __call__(self, drawn: SampledToken) -> None:
        self.count = drawn.logprobs.size
        self.finite = self.finite and drawn.finite and not mx.any(mx.isnan(drawn.logprobs)).item()
        self.all_equal = self.all_equal and bool((mx.min(drawn.logprobs) == mx.max(drawn.logprobs)).item())

    def check(self, directory: Path) -> None:
        """Raises ModelFileError if logits were not finite, or equal for all tokens."""
        if self.finite and not self.all_equal:
            return
        what = "the same for every token" if self.finite else "no numbers"
        raise ModelFileError(f"{damaged(directory) or directory.name} is damaged: the model computes {what}")


@contextmanager
def name_misfits() -> Iterator[None]:
    """Turns what the code of an architecture cannot compute with into a ModelFileError: it has taken its numbers from
    config.json without checking them, and computes with them for the first time."""
    try:
        yield
    except (TypeError, ValueError) as error:
        frames = traceback.walk_tb(error.__traceback__)
        if not any(frame.f_globals.get("__name__", "").startswith("mlx_lm.models.") for frame, _line in frames):
            raise
        if as_failure(error) is not None:
            raise
        raise ModelFileError(
            f"config.json does not fit the model: {(str(error) or type(error).__name__).splitlines()[0]}"
        ) from error


def _request(width: int, number: int) -> Prepared:
    prompt, sampling, task_id = TextPrompt(text=""), Sampling(temperature=0), f"warm-up {width}.{number}"
    request = GenerationRequest(task_id=task_id, model_id="-", prompt=prompt, sampling=sampling, stop=[])
    # Different tokens: some models have a padding token whose embedding is zero. Different lengths: the kernels for a
    # batch of one length are others, and rarely needed.
    return Prepared(request, tokens=list(range(PROMPT - number % 2)), limit=TOKENS, received=0.0)


def _options(loaded: LoadedModel) -> EngineOptions:
    return EngineOptions(
        loaded.able, generation_config={}, prefill=PrefillSteps(PREFILL_TOKENS, PREFILL_TOKENS), lookahead=False
    )


def warm_up(
    loaded: LoadedModel,
    tokenizer: Tokenizer,
    group: Group | None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> WarmedUp:
    """Warms up the rank that takes requests. ``progress(done, of)``: shapes. Raises PeerLost and ModelFileError."""
    engine = Engine(
        loaded.model,
        tokenizer,
        AnswerRules(tokenizer, vocabulary=None),
        _options(loaded),
        emit=lambda **_frame: None,
    )
    # The other ranks enter their warm-up by themselves and need no wake.
    rank = AnsweringRank(engine) if group is None else Leader(engine, group, wake=lambda _epoch: None)
    engine.watch = logits_check = LogitsCheck()
    widths = WIDTHS_ON_A_GPU if has_gpu() else (1,)
    for done, width in enumerate(widths):
        progress(done, len(widths))
        for number in range(width):
            engine.add(_request(width, number))
        while engine.active:
            with name_misfits():
                rank.work()
    rank.rest()
    logits_check.check(loaded.directory)
    return WarmedUp(engine.measured or NO_CACHES, logits_check.count)


def warm_up_follower(loaded: LoadedModel, group: Group) -> Measured:
    """Warms up a follower, together with rank 0. Returns what was measured of its caches. Raises PeerLost."""
    follower = Follower(loaded.model, group, _options(loaded))
    follower.work()
    return follower.measured or NO_CACHES
