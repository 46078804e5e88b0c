"""The baseline for one machine: mlx-lm's batches by themselves, without a server: ``bare_batch.py MODEL TOKENS``.

Every line of standard input is a JSON list of messages, which are answered together. Prints the tokens a second of all
answers, prompts included, for each line.
"""

import json
import sys
import time

from mlx_lm import load
from mlx_lm.generate import BatchGenerator

model, tokenizer = load(sys.argv[1])
for line in sys.stdin:
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": message}], add_generation_prompt=True
        )
        for message in json.loads(line)
    ]
    began = time.perf_counter()
    batch = BatchGenerator(
        model, stop_tokens=[[token] for token in tokenizer.eos_token_ids]
    )
    left = set(batch.insert(prompts, [int(sys.argv[2])] * len(prompts)))
    tokens = 0
    while left:
        _, responses = batch.next()
        tokens += len(responses)
        left -= {
            response.uid for response in responses if response.finish_reason is not None
        }
    print(tokens / (time.perf_counter() - began), flush=True)
