"""How a token is drawn from log probabilities."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import mlx.core as mx
import msgspec
from mlx_lm.sample_utils import greedy_sampler

from muster_runner.constraints import Constraint
from muster_runner.penalties import AnswerPenalties, LogitBias, Processor, RepetitionPenalty
from muster_runner.protocol import Sampling

Sampler = Callable[[mx.array], mx.array]

# Below the first, and above the second, float32 has no room left for the differences between logits.
LEAST_TEMPERATURE = 1e-4
MOST_TEMPERATURE = 1e6
# A nucleus this small holds the best token alone; float32 would make 0 of smaller ones, and then nothing is left.
LEAST_TOP_P = 1e-30
# Keeps a draw's noise, which can be minus infinity, from ruling out the only tokens that are left.
LEAST_NOISE = -100.0


@dataclass(frozen=True)
class Distribution:
    """What the draws of a request have in common, whatever its seed."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0

    def draw(self, logprobs: mx.array) -> mx.array:
        """A token for each row, never an impossible one."""
        return _best(scaled(logprobs, [self] * logprobs.shape[0]), mx.random.gumbel(logprobs.shape))


def scaled(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array:
    """Logits to draw from, by row: cut by top-p, min-p and top-k in this order, then divided by the temperature. The
    best token always stays. In float32, whatever the model computes in: every step would round again."""
    logprobs = logprobs.astype(mx.float32)
    if (least := _least(logprobs, rows)) is not None:
        logprobs = mx.where(logprobs < least, -mx.inf, logprobs)
    return logprobs * _column([1 / row.temperature for row in rows])


def _least(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array | None:
    """The least log probability that is left, by row (rows, 1). Each of the cuts leaves all above some value, so the
    highest of these values counts."""
    size, bounds = logprobs.shape[-1], []
    last = mx.array([[size - row.top_k if 0 < row.top_k < size else 0] for row in rows])
    if any(row.top_p < 1 for row in rows):
        ascending = mx.sort(logprobs, axis=-1)
        probabilities = mx.exp(ascending)
        above = mx.cumsum(probabilities, axis=-1, reverse=True, inclusive=False)
        total = above[..., :1] + probabilities[..., :1]
        # Nothing is dropped where nothing is to be: rounding must not.
        limits = _column([row.top_p if row.top_p < 1 else mx.inf for row in rows])
        dropped = mx.minimum((above >= limits * total).sum(axis=-1, keepdims=True), size - 1)
        bounds += [mx.take_along_axis(ascending, mx.maximum(dropped, last), axis=-1)]
    elif any(0 < row.top_k < size for row in rows):
        most = max(row.top_k for row in rows if row.top_k < size)
        best = mx.sort(mx.topk(logprobs, most, axis=-1), axis=-1)
        kth = mx.take_along_axis(best, mx.maximum(last - (size - most), 0), axis=-1)
        bounds += [mx.where(last > 0, kth, -mx.inf)]
    if any(row.min_p > 0 for row in rows):
        shares = _column([math.log(row.min_p) if row.min_p > 0 else -mx.inf for row in rows])
        bounds += [mx.max(logprobs, axis=-1, keepdims=True) + shares]
    return reduce(mx.maximum, bounds) if bounds else None


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(values, dtype=mx.float32)[:, None]


def _best(logits: mx.array, noise: mx.array) -> mx.array:
    """The best token of each row after Gumbel noise was added: a draw from the softmax."""
    return mx.argmax(logits + mx.maximum(noise, LEAST_NOISE), axis=-1)


@lru_cache(maxsize=256)
def _shared_sampler(distribution: Distribution) -> Sampler:
    """One sampler for all requests that draw alike."""
    return distribution.draw


def _mixed(seed: int, position: int) -> int:
    """64 bits that differ for every seed and position (multiplicative hashing with odd constants)."""
    return (seed * 0x9E3779B97F4A7C15 + position * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF


class SeededSampler:
    """Draws with a key made of the seed and the position alone: the same text alone or in any batch."""

    def __init__(self, distribution: Distribution, seed: int):
        self.distribution = distribution
        self._seed = seed
        self._position = 0

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Each row is the next position."""
        count = logprobs.shape[0]
        keys = mx.stack([self.next_key() for _ in range(count)])
        return _best(scaled(logprobs, [self.distribution] * count), _noise(keys, logprobs.shape[-1]))

    def next_key(self) -> mx.array:
        """The key of the next position's draw."""
        self._position += 1
        return self.key(-1)

    def key(self, ahead: int) -> mx.array:
        """The key of the draw that comes after ``ahead`` others."""
        return mx.random.key(_mixed(self._seed, self._position + ahead))

    def rewind(self, count: int) -> None:
        """So many draws, the latest, are not to count."""
        self._position -= count


def _noise(keys: mx.array, size: int) -> mx.array:
    """A row of Gumbel noise for each key, the same whatever other rows there are."""
    return mx.vmap(lambda key: mx.random.gumbel((size,), key=key))(keys)


def draw_rows(samplers: Sequence[Sampler], logprobs: mx.array) -> mx.array | None:
    """A token for each row by its own sampler, all at once: (rows,). None if a sampler is none of this file's."""
    rows = [_distribution(sampler) for sampler in samplers]
    if any(row is None for row in rows):
        return None
    best = mx.argmax(logprobs, axis=-1)
    drawing_rows = [at for at, sampler in enumerate(samplers) if sampler is not greedy_sampler]
    seeded = [at for at in drawing_rows if isinstance(samplers[at], SeededSampler)]
    free = [at for at in drawing_rows if at not in seeded]
    size, noise = logprobs.shape[-1], []
    if seeded:
        noise.append(_noise(mx.stack([samplers[at].next_key() for at in seeded]), size))
    if free:
        noise.append(mx.random.gumbel((len(free), size)))
    if not noise:
        return best
    order = mx.array(seeded + free)
    logits = scaled(logprobs[order], [rows[at] or Distribution() for at in seeded + free])
    return best.at[order].multiply(0).at[order].add(_best(logits, mx.concatenate(noise)))


def expected(samplers: Sequence[Sampler], logits: mx.array, ahead: int) -> mx.array:
    """A token for each row (rows,) that its sampler may well draw after ``ahead`` other draws, from ``logits`` like the
    model's own: with a seed by the same noise, else the best. It is no draw itself."""
    seeded = [at for at, sampler in enumerate(samplers) if isinstance(sampler, SeededSampler)]
    best = mx.argmax(logits, axis=-1)
    if not seeded:
        return best
    ones = [samplers[at] for at in seeded]
    order = mx.array(seeded)
    rows = logits[order]
    logprobs = rows - mx.logsumexp(rows, axis=-1, keepdims=True)
    noise = _noise(mx.stack([one.key(ahead) for one in ones]), logits.shape[-1])
    drawn = _best(scaled(logprobs, [one.distribution for one in ones]), noise)
    return best.at[order].multiply(0).at[order].add(drawn)


def _distribution(sampler: Sampler) -> Distribution | None:
    if isinstance(sampler, SeededSampler):
        return sampler.distribution
    owner = getattr(sampler, "__self__", None)
    return owner if isinstance(owner, Distribution) else Distribution() if sampler is greedy_sampler else None


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


def make_processors(sampling: Sampling) -> list[Processor]:
    """What changes a request's logits before they are normalised."""
    processors: list[Processor] = []
    if sampling.logit_bias:
        processors.append(LogitBias(sampling.logit_bias))
    if sampling.repetition_penalty not in (None, 1):
        processors.append(RepetitionPenalty(sampling.repetition_penalty))
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

    @property
    def is_free(self) -> bool:
        """Whether a draw depends on nothing but the logits and how many draws came before."""
        return not self.processors and self.constraint is None


GREEDY = Drawing(greedy_sampler, [])


def drawing(sampling: Sampling, config: dict[str, Any], constraint: Constraint | None = None) -> Drawing:
    """``config``: the model's generation_config.json, for what the request leaves open."""
    complete = with_defaults(sampling, config)
    return Drawing(make_sampler(complete), make_processors(complete), constraint)
