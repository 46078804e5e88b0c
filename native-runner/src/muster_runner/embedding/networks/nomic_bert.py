"""Nomic's BERT: rotary positions and gated feed-forward layers, post-norm as in BERT."""

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.embedding.networks.parts import activation, attention, over_keys, split_heads
from muster_runner.failures import Unsupported

# The settings of the released models; other values are not supported.
_EXPECTED = {
    "prenorm": False,
    "parallel_block": False,
    "use_rms_norm": False,
    "rotary_emb_fraction": 1.0,
    "rotary_emb_interleaved": False,
    "activation_function": "swiglu",
    "num_experts": 0,
}


@dataclass(frozen=True)
class Arguments:
    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    longest: int
    types: int
    epsilon: float
    base: float
    attention_bias: bool
    up_bias: bool
    down_bias: bool

    @classmethod
    def from_dict(cls, config: dict[str, Any]) -> "Arguments":
        """Reads config.json. Raises KeyError for missing fields, and Unsupported."""
        for name, expected in _EXPECTED.items():
            if (value := config.get(name, expected)) != expected:
                raise Unsupported(f"config.json: {name} is {value!r}, and this runner computes only {expected!r}")
        # Some models scale rotary positions beyond the trained length. That is not supported: use the trained length.
        scaled_positions = config.get("rotary_scaling_factor") is not None
        multiple = config.get("pad_vocab_size_multiple", 1)
        return cls(
            layers=config["n_layer"],
            width=config["n_embd"],
            heads=config["n_head"],
            inner=config["n_inner"],
            vocabulary=-(-config["vocab_size"] // multiple) * multiple,
            longest=config.get("max_trained_positions", 2048) if scaled_positions else config["n_positions"],
            types=config.get("type_vocab_size", 2),
            epsilon=config.get("layer_norm_epsilon", 1e-12),
            base=config.get("rotary_emb_base", 10000),
            attention_bias=config.get("qkv_proj_bias", True),
            up_bias=config.get("mlp_fc1_bias", True),
            down_bias=config.get("mlp_fc2_bias", True),
        )


class Attention(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self._heads = args.heads
        self.Wqkv = nn.Linear(args.width, 3 * args.width, bias=args.attention_bias)
        self.out_proj = nn.Linear(args.width, args.width, bias=args.attention_bias)
        self.rope = nn.RoPE(args.width // args.heads, base=args.base)

    def __call__(self, x: mx.array, mask: mx.array | None) -> mx.array:
        queries, keys, values = (split_heads(each, self._heads) for each in mx.split(self.Wqkv(x), 3, axis=-1))
        return self.out_proj(attention(self.rope(queries), self.rope(keys), values, mask))


class Mlp(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self._activation = activation("silu")
        self.fc11 = nn.Linear(args.width, args.inner, bias=args.up_bias)
        self.fc12 = nn.Linear(args.width, args.inner, bias=args.up_bias)
        self.fc2 = nn.Linear(args.inner, args.width, bias=args.down_bias)

    def __call__(self, x: mx.array) -> mx.array:
        return self.fc2(self.fc11(x) * self._activation(self.fc12(x)))


class Layer(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self.attn = Attention(args)
        self.norm1 = nn.LayerNorm(args.width, eps=args.epsilon)
        self.mlp = Mlp(args)
        self.norm2 = nn.LayerNorm(args.width, eps=args.epsilon)

    def __call__(self, x: mx.array, mask: mx.array | None) -> mx.array:
        x = self.norm1(x + self.attn(x, mask))
        return self.norm2(x + self.mlp(x))


class Model(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self.args = args
        self.words = nn.Embedding(args.vocabulary, args.width)
        if args.types:
            self.types = nn.Embedding(args.types, args.width)
        self.emb_ln = nn.LayerNorm(args.width, eps=args.epsilon)
        self.layers = [Layer(args) for _ in range(args.layers)]

    def __call__(self, tokens: mx.array, mask: mx.array | None) -> mx.array:
        x = self.words(tokens)
        if self.args.types:
            x = x + self.types(mx.array([0]))
        x = self.emb_ln(x)
        attention_mask = over_keys(mask)
        for layer in self.layers:
            x = layer(x, attention_mask)
        return x

    def sanitize(self, weights: dict[str, mx.array]) -> dict[str, mx.array]:
        """Renames the weights, without the head and the pooler."""
        renames = {
            "embeddings.word_embeddings.": "words.",
            "embeddings.token_type_embeddings.": "types.",
            "encoder.layers.": "layers.",
            "emb_ln.": "emb_ln.",
        }
        named = {name.removeprefix("bert."): value for name, value in weights.items()}
        return {
            new + name.removeprefix(old): value
            for name, value in named.items()
            for old, new in renames.items()
            if name.startswith(old)
        }
