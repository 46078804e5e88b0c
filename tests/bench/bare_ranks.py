"""The baseline for many ranks: mlx-lm by itself, ``bare_ranks.py MODEL TOKENS SHARDING`` on every rank of a ring.

Rank 0 prints its tokens per second.
"""

import sys

import mlx.core as mx
from mlx_lm import stream_generate
from mlx_lm.sample_utils import make_sampler
from mlx_lm.utils import sharded_load

group = mx.distributed.init(strict=True, backend="ring")
pipelined = sys.argv[3] == "Pipeline"
model, tokenizer = sharded_load(
    sys.argv[1],
    pipeline_group=group if pipelined else None,
    tensor_group=None if pipelined else group,
)
messages = [{"role": "user", "content": "Tell me a long story."}]
prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
steps = list(
    stream_generate(
        model, tokenizer, prompt, max_tokens=int(sys.argv[2]), sampler=make_sampler(0.0)
    )
)
if group.rank() == 0:
    print(steps[-1].generation_tps, flush=True)
