"""Embedding models: text in, one vector per text out.

``kind`` distinguishes them from generative models; ``recipe`` reads how hidden states become vectors; ``networks`` has
the encoders, ``decoders`` the decoder-only models that mlx-lm runs; ``engine`` computes batches. ``kind``, ``recipe``
and ``texts`` do not import mlx: the tokenizing process uses them too.
"""
