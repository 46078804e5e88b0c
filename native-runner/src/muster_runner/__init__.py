"""Runs one shard of one model for Muster: MLX behind two named pipes."""

PROTOCOL = 2
