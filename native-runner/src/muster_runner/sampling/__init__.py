"""Sampling: chooses tokens from logits, by temperature, filters, penalties, seeds and masks, for whole batches.

1. A sample depends only on its own row: the same alone or in any batch (test_batch_sampler.py).
2. A seed and a position determine the sample (test_sampling.py, test_generation.py).
3. Only tokens that pass the filters and masks are sampled, and the best token always passes the filters
   (test_sampling.py, test_sampling_edges.py).
"""
