"""Building blocks shared by the encoders."""

import math
from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.failures import Unsupported

ACTIVATIONS: dict[str, Callable[[mx.array], mx.array]] = {
    "gelu": nn.gelu,
    "gelu_new": nn.gelu_approx,
    "gelu_pytorch_tanh": nn.gelu_approx,
    "relu": nn.relu,
    "silu": nn.silu,
    "swish": nn.silu,
}


def activation(name: Any) -> Callable[[mx.array], mx.array]:
    """Looks up an activation by its name in config.json. Raises Unsupported."""
    if name not in ACTIVATIONS:
        raise Unsupported(f"this model's activation is not known: {name!r}")
    return ACTIVATIONS[name]


def split_heads(values: mx.array, heads: int) -> mx.array:
    """(texts, tokens, width) to (texts, heads, tokens, head width)."""
    texts, tokens, width = values.shape
    return values.reshape(texts, tokens, heads, width // heads).transpose(0, 2, 1, 3)


def attention(queries: mx.array, keys: mx.array, values: mx.array, mask: mx.array | None) -> mx.array:
    """Attention over split heads; returns (texts, tokens, width). ``mask``: boolean, or added to the scores."""
    scale = 1 / math.sqrt(queries.shape[-1])
    out = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=scale, mask=mask)
    texts, _, tokens, _ = out.shape
    return out.transpose(0, 2, 1, 3).reshape(texts, tokens, -1)


def over_keys(mask: mx.array | None) -> mx.array | None:
    """Broadcasts a padding mask to an attention mask: no token attends to padding."""
    return None if mask is None else mask[:, None, None, :]
