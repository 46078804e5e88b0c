"""A follower computes what rank 0 does, and leaves the sampling to it."""

from pathlib import Path

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model

from muster_runner.distributed.following import FollowingBatch
from muster_runner.engine.decoding import PASS_TOKENS
from muster_runner.engine.prefill import Prefill
from muster_runner.engine.sequence import Sequence
from muster_runner.sampling.sampling import SamplingPipeline


def refuse(_logprobs: mx.array) -> mx.array:
    raise AssertionError("a follower samples")


def test_a_follower_samples_nothing_and_feeds_what_rank_0_has_sampled(tiny: Path) -> None:
    model, _ = load_model(tiny)
    prefill = Prefill([65, 66, 67], make_prompt_cache(model), 0)
    while prefill.remaining:
        prefill.advance(model, 2)
    sequence = Sequence("a", [65, 66], 67, prefill.cache, SamplingPipeline(refuse, []))
    batch = FollowingBatch(model, together=True, pass_tokens=PASS_TOKENS, ragged=False)
    batch.join(sequence)
    batch.step()
    batch.feed([70])
    batch.step()
    assert sequence.error is None
    assert sequence.tokens == [65, 66, 67, 70]
