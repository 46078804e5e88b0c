"""The engine: continuous batching of one model's requests.

``engine`` (rank 0) takes requests and emits answers; ``schedule`` decides what a step computes, identically on every
rank; ``prompt_queue`` and ``prefill`` handle prompts; ``decoding`` and ``sub_batches`` are the decode batch, which
``partition`` and ``arrangement_costs`` divide; ``proposer``, ``speculation`` and ``draft`` are speculative decoding.
``intake`` validates requests on other threads.

Contract: one thread adds and cancels requests between steps and calls ``step``. Answers leave through ``emit``. Nothing
survives the process except blocks in the disk cache: the node retries the requests of a runner that died, or fails
them.

1. A request gets the tokens that mlx-lm generates for it alone, whatever else is in the batch (test_equality.py,
   test_schedule.py).
2. Speculation, a seed, mixed sampling settings and preemption do not change its tokens (test_speculation.py,
   test_draft.py, test_batch_sampler.py).
3. The KV caches of live requests stay within the memory budget; a request larger than the whole budget runs alone
   (test_schedule.py, test_memory_limit.py).
4. A cancel takes effect before the next step, during prefill too (test_generation.py, test_ranks.py).
5. A request that fails, by its settings or by NaN in its logits, ends alone; nothing of it is cached
   (test_one_request.py, test_no_numbers.py).
6. Ranks that receive the same orders compute the same steps; a checksum is compared before each step
   (test_group.py, test_ranks.py). So nothing changes between what rank 0 says before a step and the step
   (test_memory_pressure.py).
"""
