"""Sampling parameters do what their names say."""

import mlx.core as mx
import numpy as np
import pytest

from muster_runner.protocol import Sampling
from muster_runner.sampling.sampling import make_processors, make_sampler, with_defaults

PROBABILITIES = [0.5, 0.3, 0.15, 0.05]
LOGPROBS = mx.log(mx.array([PROBABILITIES]))
DRAWS = 400


def drawn(sampling: Sampling) -> set[int]:
    mx.random.seed(1)
    sampler = make_sampler(sampling)
    return {int(sampler(LOGPROBS).item()) for _ in range(DRAWS)}


@pytest.mark.parametrize(
    ("sampling", "possible"),
    [
        (Sampling(temperature=0), {0}),
        (Sampling(temperature=1), {0, 1, 2, 3}),
        (Sampling(temperature=1, top_k=2), {0, 1}),
        (Sampling(temperature=1, top_k=400), {0, 1, 2, 3}),
        (Sampling(temperature=1, top_p=0.75), {0, 1}),
        (Sampling(temperature=1, top_p=1.0), {0, 1, 2, 3}),
        (Sampling(temperature=1, min_p=0.29), {0, 1, 2}),
        (Sampling(temperature=1, min_p=0.5), {0, 1}),
    ],
)
def test_only_tokens_that_pass_the_filters_are_sampled(sampling: Sampling, possible: set[int]) -> None:
    assert drawn(sampling) == possible


def test_requests_with_equal_parameters_share_a_sampler_and_one_call() -> None:
    assert make_sampler(Sampling(temperature=0.7)) is make_sampler(Sampling(temperature=0.7))
    assert make_sampler(Sampling(temperature=0.7)) is not make_sampler(Sampling(temperature=0.8))


def test_a_seed_gives_the_same_samples_whatever_was_sampled_before() -> None:
    def draws(seed: int) -> list[int]:
        sampler = make_sampler(Sampling(temperature=1, seed=seed))
        return [int(sampler(LOGPROBS).item()) for _ in range(50)]

    first = draws(3)
    mx.random.categorical(LOGPROBS)
    assert draws(3) == first
    assert draws(4) != first
    assert draws(-3) != first


def test_unset_parameters_come_from_the_models_generation_config() -> None:
    config = {"temperature": 0.2, "top_p": 0.9, "top_k": 50}
    assert with_defaults(Sampling(top_p=0.5), config) == Sampling(temperature=0.2, top_p=0.5, top_k=50)
    assert with_defaults(Sampling(temperature=0), config).temperature == 0
    assert with_defaults(Sampling(), {"temperature": "hot", "top_p": float("nan")}) == Sampling()
    assert with_defaults(Sampling(), {"do_sample": False}).temperature == 0


@pytest.mark.parametrize(("frequency", "presence"), [(0.5, 0.0), (0.0, 1.5), (-1.0, 0.25), (2.0, 2.0)])
def test_answer_penalties_count_the_answer_and_not_the_prompt(frequency: float, presence: float) -> None:
    processors = make_processors(Sampling(frequency_penalty=frequency, presence_penalty=presence))
    (penalise,) = processors
    logits = np.random.default_rng(1).normal(size=(1, 6)).astype(np.float32)
    answer = [2, 2, 4]
    for at in range(len(answer) + 1):
        # The first token that is fed is the prompt's last one.
        context = mx.array([5, 1, *answer[:at]], dtype=mx.uint32)
        counts = np.bincount(answer[:at], minlength=6)
        expected = logits - frequency * counts - presence * (counts > 0)
        assert np.allclose(np.array(penalise(context, mx.array(logits))), expected, atol=1e-5)


def test_a_bias_beyond_the_vocabulary_is_ignored() -> None:
    (biased,) = make_processors(Sampling(logit_bias={"0": 5.0, "3": -100.0, "999": 50.0}))
    out = np.array(biased(mx.array([0]), mx.zeros((1, 4))))
    assert out.tolist() == [[5.0, 0.0, 0.0, -100.0]]


@pytest.mark.parametrize("sampling", [Sampling(repetition_penalty=2.0), Sampling(presence_penalty=1.0)])
def test_tokens_beyond_the_logits_are_never_written_to(sampling: Sampling) -> None:
    (penalise,) = make_processors(sampling)
    logits = np.array([[1.0, 2.0, 3.0, 4.0]], dtype=np.float32)
    for context in ([7], [7, 2], [7, 2, 4_000_000]):
        out = np.array(penalise(mx.array(context, dtype=mx.uint32), mx.array(logits)))
    assert out[0, [0, 1, 3]].tolist() == [1.0, 2.0, 4.0]
    assert out[0, 2] < 3.0
