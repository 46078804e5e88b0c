"""The engine: which requests are computed in a step, prefill and decoding in batches, speculation."""
