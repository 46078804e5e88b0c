"""ModernBERT: rotary positions, pre-norm, and local (sliding-window) attention in most layers."""

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.embedding.networks.parts import activation, attention, over_keys, split_heads


@dataclass(frozen=True)
class Arguments:
    """``window``: tokens that a local layer attends to, half on each side. ``every``: each n-th layer has global
    attention. ``longest``: maximum tokens of a text."""

    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    longest: int
    epsilon: float
    activation: str
    window: int
    every: int
    global_base: float
    local_base: float
    norm_bias: bool
    attention_bias: bool
    inner_bias: bool

    @classmethod
    def from_dict(cls, config: dict[str, Any]) -> "Arguments":
        """Reads config.json. Raises KeyError for missing fields."""
        global_base = config.get("global_rope_theta", 160000.0)
        return cls(
            layers=config["num_hidden_layers"],
            width=config["hidden_size"],
            heads=config["num_attention_heads"],
            inner=config["intermediate_size"],
            vocabulary=config["vocab_size"],
            longest=config["max_position_embeddings"],
            epsilon=config.get("norm_eps", 1e-5),
            activation=config.get("hidden_activation", "gelu"),
            window=config.get("local_attention", 128),
            every=config.get("global_attn_every_n_layers", 3),
            global_base=global_base,
            local_base=config.get("local_rope_theta") or global_base,
            norm_bias=config.get("norm_bias", False),
            attention_bias=config.get("attention_bias", False),
            inner_bias=config.get("mlp_bias", False),
        )


class Attention(nn.Module):
    def __init__(self, args: Arguments, is_global: bool):
        super().__init__()
        self._heads = args.heads
        self.Wqkv = nn.Linear(args.width, 3 * args.width, bias=args.attention_bias)
        self.Wo = nn.Linear(args.width, args.width, bias=args.attention_bias)
        self.rope = nn.RoPE(args.width // args.heads, base=args.global_base if is_global else args.local_base)

    def __call__(self, x: mx.array, mask: mx.array | None) -> mx.array:
        queries, keys, values = (split_heads(each, self._heads) for each in mx.split(self.Wqkv(x), 3, axis=-1))
        return self.Wo(attention(self.rope(queries), self.rope(keys), values, mask))


class Mlp(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self._activation = activation(args.activation)
        self.Wi = nn.Linear(args.width, 2 * args.inner, bias=args.inner_bias)
        self.Wo = nn.Linear(args.inner, args.width, bias=args.inner_bias)

    def __call__(self, x: mx.array) -> mx.array:
        value, gate = mx.split(self.Wi(x), 2, axis=-1)
        return self.Wo(self._activation(value) * gate)


class Layer(nn.Module):
    def __init__(self, args: Arguments, at: int):
        super().__init__()
        self.is_global = at % args.every == 0
        # The first layer has no norm of its own: the embeddings are already normalized.
        self.attn_norm = nn.LayerNorm(args.width, eps=args.epsilon, bias=args.norm_bias) if at else nn.Identity()
        self.attn = Attention(args, self.is_global)
        self.mlp_norm = nn.LayerNorm(args.width, eps=args.epsilon, bias=args.norm_bias)
        self.mlp = Mlp(args)

    def __call__(self, x: mx.array, mask: mx.array | None) -> mx.array:
        x = x + self.attn(self.attn_norm(x), mask)
        return x + self.mlp(self.mlp_norm(x))


class Embeddings(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self.tok_embeddings = nn.Embedding(args.vocabulary, args.width)
        self.norm = nn.LayerNorm(args.width, eps=args.epsilon, bias=args.norm_bias)

    def __call__(self, tokens: mx.array) -> mx.array:
        return self.norm(self.tok_embeddings(tokens))


class Model(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self.args = args
        self.embeddings = Embeddings(args)
        self.layers = [Layer(args, at) for at in range(args.layers)]
        self.final_norm = nn.LayerNorm(args.width, eps=args.epsilon, bias=args.norm_bias)

    def __call__(self, tokens: mx.array, mask: mx.array | None) -> mx.array:
        x = self.embeddings(tokens)
        global_mask = over_keys(mask)
        window = self._window_mask(tokens.shape[1])
        local_mask = window if global_mask is None or window is None else global_mask & window
        for layer in self.layers:
            x = layer(x, global_mask if layer.is_global else (global_mask if window is None else local_mask))
        return self.final_norm(x)

    def _window_mask(self, tokens: int) -> mx.array | None:
        """The sliding-window mask of local layers; None if the window covers every token."""
        reach = self.args.window // 2
        if tokens <= reach + 1:
            return None
        positions = mx.arange(tokens)
        return mx.abs(positions[None] - positions[:, None]) <= reach

    def sanitize(self, weights: dict[str, mx.array]) -> dict[str, mx.array]:
        """Drops the head."""
        named = {name.removeprefix("model."): value for name, value in weights.items()}
        own = ("embeddings.", "layers.", "final_norm.")
        return {name: value for name, value in named.items() if name.startswith(own)}
