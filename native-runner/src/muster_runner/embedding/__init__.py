"""Embedding models: text in, one vector for each text out.

``kind`` tells them from models that write; ``recipe`` reads how vectors are made of what the network computes;
``networks`` has the encoders, ``decoders`` those that mlx-lm runs; ``engine`` computes batches. What needs no mlx
(``kind``, ``recipe``, ``texts``) is also used by the process that encodes prompts.
"""
