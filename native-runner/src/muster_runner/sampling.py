"""How a token is drawn from log probabilities."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mlx.core as mx
import msgspec
from mlx_lm.sample_utils import apply_min_p, apply_top_k, apply_top_p, greedy_sampler

from muster_runner.constraints import Constraint
from muster_runner.protocol import Sampling

Sampler = Callable[[mx.array], mx.array]
Processor = Callable[[mx.array, mx.array], mx.array]

# How far back a repetition is looked for, in tokens.
REPETITION_CONTEXT = 256
# Below the first, and above the second, float32 has no room left for the differences between logits.
LEAST_TEMPERATURE = 1e-4
MOST_TEMPERATURE = 1e6
# A nucleus this small holds the best token alone; float32 would make 0 of smaller ones, and then nothing is left.
LEAST_TOP_P = 1e-30
# A factor beyond these makes infinities of finite logits, and no number of what is impossible already.
LEAST_PENALTY, MOST_PENALTY = 1e-6, 1e6
# Keeps a draw's noise, which can be minus infinity, from ruling out the only tokens that are left.
LEAST_NOISE = -100.0


@dataclass(frozen=True)
class Distribution:
    """What the draws of a request have in common, whatever its seed."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float

    def draw(self, logprobs: mx.array, key: mx.array | None = None) -> mx.array:
        """A token for each row, never an impossible one: the best after Gumbel noise was added."""
        logits = self.scaled(logprobs)
        return mx.argmax(logits + mx.maximum(mx.random.gumbel(logits.shape, key=key), LEAST_NOISE), axis=-1)

    def scaled(self, logprobs: mx.array) -> mx.array:
        """Logits to draw from: cut by top-p, min-p and top-k in this order, then divided by the temperature. The best
        token always stays. In float32, whatever the model computes in: every step would round again."""
        logprobs = logprobs.astype(mx.float32)
        if self.top_p < 1:
            logprobs = apply_top_p(logprobs, self.top_p)
        if self.min_p > 0:
            logprobs = apply_min_p(logprobs, self.min_p)
        if 0 < self.top_k < logprobs.shape[-1]:
            logprobs = apply_top_k(logprobs, self.top_k)
        return logprobs * (1 / self.temperature)


@lru_cache(maxsize=256)
def _shared_sampler(distribution: Distribution) -> Sampler:
    """One sampler for all requests that draw alike: the batch generator then draws for all of them in one call."""
    return distribution.draw


def _mixed(seed: int, position: int) -> int:
    """64 bits that differ for every seed and position (multiplicative hashing with odd constants)."""
    return (seed * 0x9E3779B97F4A7C15 + position * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF


class SeededSampler:
    """Draws with a key made of the seed and the position alone: the same text alone or in any batch."""

    def __init__(self, distribution: Distribution, seed: int):
        self._distribution = distribution
        self._seed = seed
        self._position = 0

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Each row is the next position."""
        drawn = []
        for row in range(logprobs.shape[0]):
            key = mx.random.key(_mixed(self._seed, self._position))
            self._position += 1
            drawn.append(self._distribution.draw(logprobs[row : row + 1], key))
        return drawn[0] if len(drawn) == 1 else mx.concatenate(drawn)

    def rewind(self, count: int) -> None:
        """So many draws, the latest, are not to count."""
        self._position -= count


def make_sampler(sampling: Sampling) -> Sampler:
    """The sampler of one request. Without a temperature and seed of its own it is shared with its like."""
    temperature = 1.0 if sampling.temperature is None else min(sampling.temperature, MOST_TEMPERATURE)
    top_p = 1.0 if sampling.top_p is None else sampling.top_p
    min_p = min(sampling.min_p or 0.0, 1.0)
    # Each of these leaves the best token alone.
    if temperature < LEAST_TEMPERATURE or top_p < LEAST_TOP_P or sampling.top_k == 1 or min_p == 1:
        return greedy_sampler
    distribution = Distribution(temperature, top_p, sampling.top_k or 0, min_p)
    return _shared_sampler(distribution) if sampling.seed is None else SeededSampler(distribution, sampling.seed)


def repetition_penalty(penalty: float) -> Processor:
    """Divides the logits of tokens that stand in the context by ``penalty``, multiplies them where they are negative
    (https://arxiv.org/abs/1909.05858, with signs minded). Finite logits stay finite, impossible tokens impossible.
    MLX checks no index: a token beyond the logits, which a damaged model may bring, must not be written to."""
    factor = min(max(penalty, LEAST_PENALTY), MOST_PENALTY)

    def penalised(context: mx.array, logits: mx.array) -> mx.array:
        if context.size == 0:
            return logits
        size, limits = logits.shape[-1], mx.finfo(logits.dtype)
        known = context < size
        seen = mx.zeros(size, dtype=mx.bool_).at[mx.where(known, context, 0)].maximum(known)
        wide = logits.astype(mx.float32)
        changed = mx.clip(mx.where(wide < 0, wide * factor, wide / factor), limits.min, limits.max)
        return mx.where(seen & ~mx.isinf(wide), changed.astype(logits.dtype), logits)

    return penalised


class AnswerPenalties:
    """OpenAI's penalties: what the answer has already becomes less likely, by ``frequency`` for each time and by
    ``presence`` once. The prompt does not count. One instance serves one answer.

    See https://platform.openai.com/docs/api-reference/chat/create
    """

    def __init__(self, frequency: float, presence: float):
        self._frequency, self._presence = frequency, presence
        self._counts: mx.array | None = None

    def __call__(self, context: mx.array, logits: mx.array) -> mx.array:
        if self._counts is None:
            # The first token that is fed is still the prompt's.
            self._counts = mx.zeros(logits.shape[-1], dtype=mx.float32)
        else:
            drawn = context[-1:]
            known = drawn < self._counts.size
            self._counts = self._counts.at[mx.where(known, drawn, 0)].add(known.astype(mx.float32))
        penalty = self._frequency * self._counts + self._presence * (self._counts > 0)
        return logits - penalty.astype(logits.dtype)


def logit_bias(bias: dict[str, float]) -> Processor:
    """Adds to the logits of tokens, given by number. Numbers beyond the vocabulary stand for nothing."""
    tokens = mx.array([int(token) for token in bias], dtype=mx.uint32)
    values = mx.array(list(bias.values()), dtype=mx.float32)

    def biased(_context: mx.array, logits: mx.array) -> mx.array:
        known = tokens < logits.shape[-1]
        place = mx.where(known, tokens, 0)
        return logits.at[:, place].add(mx.where(known, values, 0.0).astype(logits.dtype))

    return biased


def make_processors(sampling: Sampling) -> list[Processor]:
    """What changes a request's logits before they are normalised."""
    processors: list[Processor] = []
    if sampling.logit_bias:
        processors.append(logit_bias(sampling.logit_bias))
    if sampling.repetition_penalty not in (None, 1):
        processors.append(repetition_penalty(sampling.repetition_penalty))
    if sampling.frequency_penalty or sampling.presence_penalty:
        processors.append(AnswerPenalties(sampling.frequency_penalty or 0.0, sampling.presence_penalty or 0.0))
    return processors


def with_defaults(sampling: Sampling, config: dict[str, Any]) -> Sampling:
    """Fills what a request left open from the model's generation_config.json; OpenAI's defaults stand behind it."""

    def number(name: str, least: float) -> float | None:
        value = config.get(name)
        usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return value if usable and value >= least else None

    greedy = config.get("do_sample") is False and "temperature" not in config
    defaults = {
        "temperature": 0.0 if greedy else number("temperature", 0),
        "top_p": number("top_p", 1e-9),
        "top_k": int(number("top_k", 0) or 0) or None,
        "min_p": number("min_p", 0),
        "repetition_penalty": number("repetition_penalty", 1e-9),
    }
    return msgspec.structs.replace(
        sampling, **{name: value for name, value in defaults.items() if getattr(sampling, name) is None}
    )


@dataclass(frozen=True)
class Drawing:
    """How one request's tokens are drawn: ``processors`` change its logits, ``constraint`` forbids some tokens, and
    ``sampler`` draws from the log probabilities that come of them."""

    sampler: Sampler
    processors: list[Processor]
    constraint: Constraint | None = None


GREEDY = Drawing(greedy_sampler, [])


def drawing(sampling: Sampling, config: dict[str, Any], constraint: Constraint | None = None) -> Drawing:
    """``config``: the model's generation_config.json, for what the request leaves open."""
    complete = with_defaults(sampling, config)
    return Drawing(make_sampler(complete), make_processors(complete), constraint)
