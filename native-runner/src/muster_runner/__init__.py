"""Muster's runner: serves one model, or one rank's shard of it, with MLX, over two named pipes."""

PROTOCOL = 2
