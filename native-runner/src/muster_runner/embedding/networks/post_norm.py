"""BERT and the encoders that differ from it only in weight names and positions: RoBERTa, DistilBERT, MPNet.

Learned positions, post-norm. ``sanitize`` maps the weight names of all families to one set.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.embedding.networks.parts import activation, attention, over_keys, split_heads
from muster_runner.failures import Unsupported

_EMBEDDINGS = {
    r"embeddings\.word_embeddings": "words",
    r"embeddings\.position_embeddings": "positions",
    r"embeddings\.token_type_embeddings": "types",
    r"embeddings\.LayerNorm": "norm",
}
_FEED_FORWARD = {
    r"encoder\.layer\.(\d+)\.intermediate\.dense": r"layers.\1.up",
    r"encoder\.layer\.(\d+)\.output\.dense": r"layers.\1.down",
    r"encoder\.layer\.(\d+)\.output\.LayerNorm": r"layers.\1.output_norm",
}
_BERT = {
    **_EMBEDDINGS,
    **_FEED_FORWARD,
    r"encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)": r"layers.\1.\2",
    r"encoder\.layer\.(\d+)\.attention\.output\.dense": r"layers.\1.output",
    r"encoder\.layer\.(\d+)\.attention\.output\.LayerNorm": r"layers.\1.attention_norm",
}
_MPNET = {
    **_EMBEDDINGS,
    **_FEED_FORWARD,
    r"encoder\.layer\.(\d+)\.attention\.attn\.q": r"layers.\1.query",
    r"encoder\.layer\.(\d+)\.attention\.attn\.k": r"layers.\1.key",
    r"encoder\.layer\.(\d+)\.attention\.attn\.v": r"layers.\1.value",
    r"encoder\.layer\.(\d+)\.attention\.attn\.o": r"layers.\1.output",
    r"encoder\.layer\.(\d+)\.attention\.LayerNorm": r"layers.\1.attention_norm",
    r"encoder\.relative_attention_bias": "relative",
}
_DISTILBERT = {
    **_EMBEDDINGS,
    r"transformer\.layer\.(\d+)\.attention\.q_lin": r"layers.\1.query",
    r"transformer\.layer\.(\d+)\.attention\.k_lin": r"layers.\1.key",
    r"transformer\.layer\.(\d+)\.attention\.v_lin": r"layers.\1.value",
    r"transformer\.layer\.(\d+)\.attention\.out_lin": r"layers.\1.output",
    r"transformer\.layer\.(\d+)\.sa_layer_norm": r"layers.\1.attention_norm",
    r"transformer\.layer\.(\d+)\.ffn\.lin1": r"layers.\1.up",
    r"transformer\.layer\.(\d+)\.ffn\.lin2": r"layers.\1.down",
    r"transformer\.layer\.(\d+)\.output_layer_norm": r"layers.\1.output_norm",
}


@dataclass(frozen=True)
class Family:
    """``names``: patterns for the module names in the files, and the names used here. ``prefix``: of the names in the
    files. ``counts_padding``: positions start after the padding token's id, as in fairseq. ``relative``: attention has
    a bias by token distance."""

    names: dict[str, str]
    prefix: str
    counts_padding: bool = False
    relative: bool = False


FAMILIES = {
    "bert": Family(_BERT, "bert"),
    "camembert": Family(_BERT, "roberta", counts_padding=True),
    "roberta": Family(_BERT, "roberta", counts_padding=True),
    "xlm-roberta": Family(_BERT, "roberta", counts_padding=True),
    "distilbert": Family(_DISTILBERT, "distilbert"),
    "mpnet": Family(_MPNET, "mpnet", counts_padding=True, relative=True),
}

# Larger token distances share one bucket (T5's ``max_distance``).
MAX_DISTANCE = 128
_SUFFIXES = {"gamma": "weight", "beta": "bias"}


@dataclass(frozen=True)
class Arguments:
    """``first``: the position of a text's first token. ``types``: segment embeddings, 0 for none."""

    family: Family
    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    first: int
    types: int
    epsilon: float
    activation: str
    buckets: int

    @property
    def longest(self) -> int:
        """Maximum tokens of a text."""
        return self.positions - self.first

    @classmethod
    def from_dict(cls, config: dict[str, Any]) -> "Arguments":
        """Reads config.json. Raises KeyError for missing fields, and Unsupported."""
        family = FAMILIES[config["model_type"]]
        if (kind := config.get("position_embedding_type", "absolute")) != "absolute":
            raise Unsupported(f"this runner does not support the model's position embeddings: {kind}")
        if config.get("is_decoder") is True:
            raise Unsupported("this model of the BERT family is a decoder, which this runner does not support")
        distil = config["model_type"] == "distilbert"
        return cls(
            family=family,
            layers=config["n_layers" if distil else "num_hidden_layers"],
            width=config["dim" if distil else "hidden_size"],
            heads=config["n_heads" if distil else "num_attention_heads"],
            inner=config["hidden_dim" if distil else "intermediate_size"],
            vocabulary=config["vocab_size"],
            positions=config["max_position_embeddings"],
            first=config.get("pad_token_id", 1) + 1 if family.counts_padding else 0,
            types=0 if distil or family.relative else config.get("type_vocab_size", 2),
            epsilon=config.get("layer_norm_eps", 1e-12),
            activation=config.get("activation" if distil else "hidden_act", "gelu"),
            buckets=config.get("relative_attention_num_buckets", 32) if family.relative else 0,
        )


class Layer(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self._heads, self._activation = args.heads, activation(args.activation)
        self.query = nn.Linear(args.width, args.width)
        self.key = nn.Linear(args.width, args.width)
        self.value = nn.Linear(args.width, args.width)
        self.output = nn.Linear(args.width, args.width)
        self.attention_norm = nn.LayerNorm(args.width, eps=args.epsilon)
        self.up = nn.Linear(args.width, args.inner)
        self.down = nn.Linear(args.inner, args.width)
        self.output_norm = nn.LayerNorm(args.width, eps=args.epsilon)

    def __call__(self, x: mx.array, mask: mx.array | None) -> mx.array:
        queries, keys, values = (split_heads(each(x), self._heads) for each in (self.query, self.key, self.value))
        x = self.attention_norm(x + self.output(attention(queries, keys, values, mask)))
        return self.output_norm(x + self.down(self._activation(self.up(x))))


def buckets_of(tokens: int, buckets: int) -> mx.array:
    """Returns the relative-position bucket of every pair of tokens (tokens, tokens), as in T5: half of the buckets are
    for later tokens; in each half near distances have a bucket each, larger ones share logarithmic buckets."""
    half = buckets // 2
    near = half // 2
    distances = mx.arange(tokens)[None] - mx.arange(tokens)[:, None]
    far = mx.abs(distances)
    # Avoids log(0); distance 0 is near, so the value is not used.
    grown = mx.log(mx.maximum(far, 1) / near) / math.log(MAX_DISTANCE / near) * (half - near)
    wide = mx.minimum(near + grown.astype(mx.int32), half - 1)
    return mx.where(distances > 0, half, 0) + mx.where(far < near, far, wide)


class Model(nn.Module):
    def __init__(self, args: Arguments):
        super().__init__()
        self.args = args
        self.words = nn.Embedding(args.vocabulary, args.width)
        self.positions = nn.Embedding(args.positions, args.width)
        if args.types:
            self.types = nn.Embedding(args.types, args.width)
        if args.buckets:
            self.relative = nn.Embedding(args.buckets, args.heads)
        self.norm = nn.LayerNorm(args.width, eps=args.epsilon)
        self.layers = [Layer(args) for _ in range(args.layers)]

    def __call__(self, tokens: mx.array, mask: mx.array | None) -> mx.array:
        count = tokens.shape[1]
        x = self.words(tokens) + self.positions(mx.arange(self.args.first, self.args.first + count))
        if self.args.types:
            x = x + self.types(mx.array([0]))
        x = self.norm(x)
        attention_mask = self._mask(mask, count, x.dtype)
        for layer in self.layers:
            x = layer(x, attention_mask)
        return x

    def _mask(self, mask: mx.array | None, tokens: int, dtype: mx.Dtype) -> mx.array | None:
        keys = over_keys(mask)
        if not self.args.buckets:
            return keys
        bias = self.relative(buckets_of(tokens, self.args.buckets)).transpose(2, 0, 1)[None].astype(dtype)
        return bias if keys is None else mx.where(keys, bias, -mx.inf)

    def sanitize(self, weights: dict[str, mx.array]) -> dict[str, mx.array]:
        """Renames the weights and drops everything outside the encoder: heads, poolers, position ids."""
        family = self.args.family
        patterns = [(re.compile(pattern), ours) for pattern, ours in family.names.items()]
        renamed = {}
        for name, value in weights.items():
            module, _, leaf = name.removeprefix(f"{family.prefix}.").rpartition(".")
            for pattern, ours in patterns:
                if found := pattern.fullmatch(module):
                    renamed[f"{found.expand(ours)}.{_SUFFIXES.get(leaf, leaf)}"] = value
        return renamed
