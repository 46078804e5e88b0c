"""Choosing tokens from logits: temperature, penalties, seeds and log probabilities, for whole batches."""
