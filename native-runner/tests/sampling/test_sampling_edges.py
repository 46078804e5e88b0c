"""Edge cases of sampling: an allowed token is always sampled, and the best one if only that is allowed."""

from itertools import product

import mlx.core as mx
import numpy as np
import pytest

from muster_runner.protocol import Sampling
from muster_runner.sampling.sampling import Distribution, make_processors, make_sampler

VOCABULARY = 64
TINY = 1e-300
SMALLEST = 5e-324
TEMPERATURES = [0, SMALLEST, TINY, 1e-6, 1e-4, 0.7, 2, 10]
TOP_PS = [None, 0, SMALLEST, TINY, 1e-40, 1e-20, 0.5, 1 - 1e-12, 1]
MIN_PS = [None, 0, SMALLEST, TINY, 0.1, 1 - 1e-12, 1]
TOP_KS = [None, 0, 1, 3, VOCABULARY, VOCABULARY + 1, 2**40]
PENALTIES = [None, SMALLEST, TINY, 0.5, 1, 1.3, 10]
SEEDS = [None, 0, -(2**63), 2**64]
ALL = list(product(TEMPERATURES, TOP_PS, MIN_PS, TOP_KS, PENALTIES, SEEDS))
CASES = 300
# Rounding may keep or drop a token that stands exactly at a limit.
SLACK = 1e-3

random = np.random.default_rng(0)


def some_logits(kind: str) -> np.ndarray:
    logits = random.normal(0, 3, VOCABULARY)
    if kind == "masked":
        logits[random.permutation(VOCABULARY)[: VOCABULARY - 2]] = -np.inf
    if kind == "one":
        logits[random.permutation(VOCABULARY)[: VOCABULARY - 1]] = -np.inf
    if kind == "flat":
        logits[:] = 0
    if kind == "steep":
        logits *= 1000
    return logits


def allowed(logprobs: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Which tokens the parameters leave, in double precision; a little more where rounding decides."""
    best = logprobs.max()
    probabilities = np.exp(logprobs - best)
    probabilities /= probabilities.sum()
    left = probabilities > 0
    if sampling.temperature is not None and sampling.temperature < 1e-4:
        return logprobs == best
    if sampling.top_p is not None:
        above = np.array([probabilities[probabilities > p].sum() for p in probabilities])
        left &= (above < sampling.top_p + SLACK * min(1, sampling.top_p * 1e3)) | (logprobs == best)
    if sampling.min_p:
        left &= logprobs >= best + np.log(sampling.min_p) - SLACK
    if sampling.top_k:
        left &= logprobs >= np.sort(logprobs)[::-1][min(sampling.top_k, VOCABULARY) - 1]
    return left


def logits_of(sampling: Sampling, logits: mx.array) -> mx.array:
    context = mx.array([1, 2, 3, 2], dtype=mx.uint32)
    for process in make_processors(sampling):
        logits = process(context, mx.array(logits))
    return logits


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16], ids=str)
@pytest.mark.parametrize("kind", ["plain", "masked", "one", "flat", "steep"])
def test_every_combination_samples_a_token_that_passes_the_filters(kind: str, dtype: mx.Dtype) -> None:
    for case in random.choice(len(ALL), CASES, replace=False):
        temperature, top_p, min_p, top_k, penalty, seed = ALL[case]
        sampling = Sampling(
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            min_p=min_p,
            repetition_penalty=penalty,
            seed=seed,
        )
        logits = logits_of(sampling, mx.array(some_logits(kind)[None]).astype(dtype))
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        seen = np.array(logprobs.astype(mx.float32), dtype=np.float64)[0]
        assert not np.isnan(seen).any(), sampling
        token = int(make_sampler(sampling)(logprobs).item())
        assert allowed(seen, sampling)[token], (sampling, token, seen[token], seen.max())


@pytest.mark.parametrize(
    "limit",
    [
        Sampling(temperature=SMALLEST),
        Sampling(temperature=1e-6),
        Sampling(temperature=10, top_p=TINY),
        Sampling(temperature=10, top_p=1e-20),
        Sampling(temperature=10, top_p=0),
        Sampling(temperature=10, top_k=1),
        Sampling(temperature=10, min_p=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16], ids=str)
def test_the_best_token_always_passes_the_filters(limit: Sampling, dtype: mx.Dtype) -> None:
    for _ in range(20):
        logits = mx.array(some_logits("plain")[None]).astype(dtype)
        token = int(make_sampler(limit)(logits - mx.logsumexp(logits, axis=-1, keepdims=True)).item())
        assert logits[0, token].item() == mx.max(logits).item()


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16], ids=str)
@pytest.mark.parametrize("penalty", [SMALLEST, TINY, 1e-9, 0.5, 1.3, 10, 1e300])
def test_a_repetition_penalty_keeps_finite_logits_finite_and_masked_ones_masked(
    penalty: float, dtype: mx.Dtype
) -> None:
    values = [3e4, 5.0, -5.0, -np.inf, 0.0, 1.0]
    logits = mx.array([values]).astype(dtype)
    (process,) = make_processors(Sampling(repetition_penalty=penalty))
    changed = np.array(process(mx.array([0, 1, 2, 3, 4]), mx.array(logits)).astype(mx.float32))[0]
    assert list(np.isfinite(changed)) == list(np.isfinite(values))
    assert changed[5] == 1
    if penalty > 1:
        assert changed[1] < 5
        assert changed[2] < -5
    else:
        assert changed[1] > 5
        assert changed[2] > -5


def test_extreme_noise_never_selects_a_masked_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.random, "gumbel", lambda shape, key=None: mx.full(shape, -float("inf")))
    logits = mx.array([[-float("inf"), -float("inf"), -1.0, -float("inf")]])
    assert Distribution(1.0, 1.0, 0, 0.0).draw(logits).item() == 2


def test_low_precision_favours_no_token() -> None:
    count = 4096
    mx.random.seed(3)
    logits = mx.zeros((2000, count), dtype=mx.bfloat16)
    tokens = np.array(make_sampler(Sampling(temperature=1))(logits - mx.logsumexp(logits, axis=-1, keepdims=True)))
    # The mean of 2,000 even draws strays from the middle by more than 5 standard errors about once in a million times.
    assert abs(tokens.mean() / count - 0.5) < 5 / np.sqrt(12 * 2000)
