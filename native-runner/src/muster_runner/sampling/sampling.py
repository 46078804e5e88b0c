"""Samplers: choose tokens from log probabilities, for whole batches."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import mlx.core as mx
import msgspec
from mlx_lm.sample_utils import greedy_sampler

from muster_runner.output.constraints import Constraint
from muster_runner.protocol import Sampling
from muster_runner.sampling.penalties import AnswerPenalties, LogitBias, Processor, RepetitionPenalty

Sampler = Callable[[mx.array], mx.array]

# Outside this range the differences between scaled logits are lost in float32.
MIN_TEMPERATURE = 1e-4
MAX_TEMPERATURE = 1e6
# Below this only the best token remains; float32 would round the value to 0, which would leave no token.
MIN_TOP_P = 1e-30
# Lower bound of Gumbel noise: minus infinity could rule out the only allowed token.
MIN_NOISE = -100.0


@dataclass(frozen=True)
class Distribution:
    """The sampling parameters of a request except its seed."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0

    def draw(self, logprobs: mx.array) -> mx.array:
        """Samples a token for each row, never an impossible one."""
        return _gumbel_max(scaled(logprobs, [self] * logprobs.shape[0]), mx.random.gumbel(logprobs.shape))


def scaled(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array:
    """Applies top-p, min-p, top-k and temperature to each row. The best token always stays. Computes in float32
    whatever the model's dtype, to avoid rounding in every step."""
    logprobs = logprobs.astype(mx.float32)
    if (minimum := _threshold(logprobs, rows)) is not None:
        logprobs = mx.where(logprobs < minimum, -mx.inf, logprobs)
    return logprobs * _column([1 / row.temperature for row in rows])


def _threshold(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array | None:
    """Returns the lowest log probability that stays, by row (rows, 1). Every filter keeps all values above a threshold,
    so the highest threshold decides."""
    bounds = [
        _of_some(_top_k_bounds if group else _top_p_bounds, numbers, logprobs, rows)
        for group, numbers in _to_sort(rows, logprobs.shape[-1]).items()
    ]
    if any(row.min_p > 0 for row in rows):
        log_ratios = _column([math.log(row.min_p) if row.min_p > 0 else -mx.inf for row in rows])
        bounds += [mx.max(logprobs, axis=-1, keepdims=True) + log_ratios]
    return reduce(mx.maximum, bounds) if bounds else None


def _to_sort(rows: Sequence[Distribution], size: int) -> dict[int, list[int]]:
    """Groups the numbers of the rows whose filters need their values in order, so that the filter of one request costs
    the others nothing: 0 for top-p, which sorts all ``size`` values; else the bits of top-k, which sorts as many values
    as the largest of its group."""
    groups: dict[int, list[int]] = {}
    for at, row in enumerate(rows):
        if row.top_p < 1:
            groups.setdefault(0, []).append(at)
        elif 0 < row.top_k < size:
            groups.setdefault(row.top_k.bit_length(), []).append(at)
    return groups


def _of_some(
    find: Callable[[mx.array, Sequence[Distribution]], mx.array],
    numbers: Sequence[int],
    logprobs: mx.array,
    rows: Sequence[Distribution],
) -> mx.array:
    """Returns what ``find`` finds for the rows with these numbers, and minus infinity for the others: (rows, 1)."""
    if len(numbers) == len(rows):
        return find(logprobs, rows)
    bounds, order = mx.full((len(rows), 1), -mx.inf), mx.array(numbers)
    bounds[order] = find(logprobs[order], [rows[at] for at in numbers])
    return bounds


def _top_p_bounds(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array:
    """``rows`` have top-p, and some of them top-k."""
    size = logprobs.shape[-1]
    last = mx.array([[size - row.top_k if 0 < row.top_k < size else 0] for row in rows])
    ascending = mx.sort(logprobs, axis=-1)
    probabilities = mx.exp(ascending)
    above = mx.cumsum(probabilities, axis=-1, reverse=True, inclusive=False)
    total = above[..., :1] + probabilities[..., :1]
    dropped = mx.minimum((above >= _column([row.top_p for row in rows]) * total).sum(axis=-1, keepdims=True), size - 1)
    return mx.take_along_axis(ascending, mx.maximum(dropped, last), axis=-1)


def _top_k_bounds(logprobs: mx.array, rows: Sequence[Distribution]) -> mx.array:
    most = max(row.top_k for row in rows)
    best = mx.sort(mx.topk(logprobs, most, axis=-1), axis=-1)
    return mx.take_along_axis(best, mx.array([[most - row.top_k] for row in rows]), axis=-1)


def _column(values: Sequence[float]) -> mx.array:
    return mx.array(values, dtype=mx.float32)[:, None]


def _gumbel_max(logits: mx.array, noise: mx.array) -> mx.array:
    """Gumbel-max trick: the best token after adding Gumbel noise is a sample from the softmax."""
    return mx.argmax(logits + mx.maximum(noise, MIN_NOISE), axis=-1)


@lru_cache(maxsize=256)
def _shared_sampler(distribution: Distribution) -> Sampler:
    """Returns one sampler object for all requests with equal parameters."""
    return distribution.draw


def _hash(seed: int, position: int) -> int:
    """Hashes seed and position to 64 bits (multiplicative hashing with odd constants)."""
    return (seed * 0x9E3779B97F4A7C15 + position * 0xBF58476D1CE4E5B9) & 0xFFFF_FFFF_FFFF_FFFF


class SeededSampler:
    """Samples with a key derived only from seed and position: the same text alone or in any batch."""

    def __init__(self, distribution: Distribution, seed: int):
        self.distribution = distribution
        self._seed = seed
        self._position = 0

    def __call__(self, logprobs: mx.array) -> mx.array:
        """Samples a token for each row; rows are consecutive positions."""
        count = logprobs.shape[0]
        keys = mx.stack([self.next_key() for _ in range(count)])
        return _gumbel_max(scaled(logprobs, [self.distribution] * count), _noise(keys, logprobs.shape[-1]))

    def next_key(self) -> mx.array:
        """Advances by one position and returns its key."""
        self._position += 1
        return self.key(-1)

    def key(self, ahead: int) -> mx.array:
        """Returns the key of the sample after ``ahead`` further ones, without advancing."""
        return mx.random.key(_hash(self._seed, self._position + ahead))

    def rewind(self, count: int) -> None:
        """Discards the latest ``count`` samples."""
        self._position -= count


def _noise(keys: mx.array, size: int) -> mx.array:
    """Returns a row of Gumbel noise for each key, independent of the other rows."""
    return mx.vmap(lambda key: mx.random.gumbel((size,), key=key))(keys)


def draw_rows(samplers: Sequence[Sampler], logprobs: mx.array) -> mx.array | None:
    """Samples a token for each row with its own sampler, in one pass: (rows,). None if a sampler is not of this
    module."""
    rows = [_distribution(sampler) for sampler in samplers]
    if any(row is None for row in rows):
        return None
    best = mx.argmax(logprobs, axis=-1)
    sampled_rows = [at for at, sampler in enumerate(samplers) if sampler is not greedy_sampler]
    seeded = [at for at in sampled_rows if isinstance(samplers[at], SeededSampler)]
    free = [at for at in sampled_rows if at not in seeded]
    size, noise = logprobs.shape[-1], []
    if seeded:
        noise.append(_noise(mx.stack([samplers[at].next_key() for at in seeded]), size))
    if free:
        noise.append(mx.random.gumbel((len(free), size)))
    if not noise:
        return best
    order = mx.array(seeded + free)
    logits = scaled(logprobs[order], [rows[at] or Distribution() for at in seeded + free])
    return best.at[order].multiply(0).at[order].add(_gumbel_max(logits, mx.concatenate(noise)))


def predicted_tokens(samplers: Sequence[Sampler], logits: mx.array, ahead: int) -> mx.array:
    """Predicts for each row (rows,) the token that its sampler will choose after ``ahead`` further samples, from the
    draft model's ``logits``: with a seed by the same noise, else the best token. Does not advance the samplers."""
    seeded = [at for at, sampler in enumerate(samplers) if isinstance(sampler, SeededSampler)]
    best = mx.argmax(logits, axis=-1)
    if not seeded:
        return best
    seeded_samplers = [samplers[at] for at in seeded]
    order = mx.array(seeded)
    rows = logits[order]
    logprobs = rows - mx.logsumexp(rows, axis=-1, keepdims=True)
    noise = _noise(mx.stack([each.key(ahead) for each in seeded_samplers]), logits.shape[-1])
    drawn = _gumbel_max(scaled(logprobs, [each.distribution for each in seeded_samplers]), noise)
    return best.at[order].multiply(0).at[order].add(drawn)


def _distribution(sampler: Sampler) -> Distribution | None:
    if isinstance(sampler, SeededSampler):
        return sampler.distribution
    owner = getattr(sampler, "__self__", None)
    return owner if isinstance(owner, Distribution) else Distribution() if sampler is greedy_sampler else None


def make_sampler(sampling: Sampling) -> Sampler:
    """Builds the sampler of a request. Without a seed, equal requests share one object."""
    temperature = 1.0 if sampling.temperature is None else min(sampling.temperature, MAX_TEMPERATURE)
    top_p = 1.0 if sampling.top_p is None else sampling.top_p
    min_p = min(sampling.min_p or 0.0, 1.0)
    # Each of these leaves only the best token.
    if temperature < MIN_TEMPERATURE or top_p < MIN_TOP_P or sampling.top_k == 1 or min_p == 1:
        return greedy_sampler
    distribution = Distribution(temperature, top_p, sampling.top_k or 0, min_p)
    return _shared_sampler(distribution) if sampling.seed is None else SeededSampler(distribution, sampling.seed)


def make_processors(sampling: Sampling) -> list[Processor]:
    """Builds the logits processors of a request."""
    processors: list[Processor] = []
    if sampling.logit_bias:
        processors.append(LogitBias(sampling.logit_bias))
    if sampling.repetition_penalty not in (None, 1):
        processors.append(RepetitionPenalty(sampling.repetition_penalty))
    if sampling.frequency_penalty or sampling.presence_penalty:
        processors.append(AnswerPenalties(sampling.frequency_penalty or 0.0, sampling.presence_penalty or 0.0))
    return processors


def with_defaults(sampling: Sampling, config: dict[str, Any]) -> Sampling:
    """Fills unset parameters from the model's generation_config.json; OpenAI's defaults apply to the rest."""

    def number(name: str, minimum: float) -> float | None:
        value = config.get(name)
        usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return value if usable and value >= minimum else None

    is_greedy = config.get("do_sample") is False and "temperature" not in config
    defaults = {
        "temperature": 0.0 if is_greedy else number("temperature", 0),
        "top_p": number("top_p", 1e-9),
        "top_k": int(number("top_k", 0) or 0) or None,
        "min_p": number("min_p", 0),
        "repetition_penalty": number("repetition_penalty", 1e-9),
    }
    return msgspec.structs.replace(
        sampling, **{name: value for name, value in defaults.items() if getattr(sampling, name) is None}
    )


@dataclass(frozen=True)
class SamplingPipeline:
    """The sampling pipeline of one request: ``processors`` change the logits, ``constraint`` masks tokens, and
    ``sampler`` samples from the resulting log probabilities."""

    sampler: Sampler
    processors: list[Processor]
    constraint: Constraint | None = None

    @property
    def is_free(self) -> bool:
        """Whether a sample depends only on the logits and the number of earlier samples."""
        return not self.processors and self.constraint is None


GREEDY = SamplingPipeline(greedy_sampler, [])


def sampling_pipeline(
    sampling: Sampling, config: dict[str, Any], constraint: Constraint | None = None
) -> SamplingPipeline:
    """Builds the sampling pipeline. ``config``: the model's generation_config.json, for unset parameters."""
    complete = with_defaults(sampling, config)
    return SamplingPipeline(make_sampler(complete), make_processors(complete), constraint)
