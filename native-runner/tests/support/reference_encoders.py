"""Reference encoders in numpy with 64 bits, one text at a time, written from the papers and the weight names. The
runner's results are compared with them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

Weights = dict[str, np.ndarray]

_erf = np.vectorize(math.erf)


def _gelu(x: np.ndarray) -> np.ndarray:
    return x * 0.5 * (1 + _erf(x / math.sqrt(2)))


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


class Reference:
    """The hidden states of one text, for a model directory."""

    def __init__(self, directory: Path):
        self.config: dict[str, Any] = json.loads((directory / "config.json").read_text())
        self.weights = {
            name: value.astype(np.float64) for name, value in load_file(directory / "model.safetensors").items()
        }

    def hidden(self, tokens: list[int]) -> np.ndarray:
        return getattr(self, "_" + self.config["model_type"].replace("-", "_"))(np.array(tokens))

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[f"{name}.weight"].T + self.weights.get(f"{name}.bias", 0)

    def _norm(self, name: str, x: np.ndarray, epsilon: float) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
        return scaled * self.weights[f"{name}.weight"] + self.weights.get(f"{name}.bias", 0)

    def _attend(self, q: np.ndarray, k: np.ndarray, v: np.ndarray, heads: int, bias: Any = 0, base: Any = None) -> Any:
        size = q.shape[-1] // heads
        out = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            one, other = q[:, part], k[:, part]
            if base is not None:
                one, other = _rotated(one, base), _rotated(other, base)
            scores = one @ other.T / math.sqrt(size) + (bias[head] if isinstance(bias, list) else bias)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            out.append(weights / weights.sum(-1, keepdims=True) @ v[:, part])
        return np.concatenate(out, -1)

    def _embedded(self, tokens: np.ndarray, first: int) -> np.ndarray:
        places = np.arange(first, first + len(tokens))
        x = self.weights["embeddings.word_embeddings.weight"][tokens]
        x = x + self.weights["embeddings.position_embeddings.weight"][places]
        types = self.weights.get("embeddings.token_type_embeddings.weight")
        return x if types is None else x + types[0]

    def _bert(self, tokens: np.ndarray, first: int = 0) -> np.ndarray:
        epsilon, heads = self.config["layer_norm_eps"], self.config["num_attention_heads"]
        x = self._norm("embeddings.LayerNorm", self._embedded(tokens, first), epsilon)
        for at in range(self.config["num_hidden_layers"]):
            layer = f"encoder.layer.{at}"
            q, k, v = (self._linear(f"{layer}.attention.self.{name}", x) for name in ("query", "key", "value"))
            attended = self._linear(f"{layer}.attention.output.dense", self._attend(q, k, v, heads))
            x = self._norm(f"{layer}.attention.output.LayerNorm", x + attended, epsilon)
            x = self._fed_forward(layer, x, epsilon)
        return x

    def _fed_forward(self, layer: str, x: np.ndarray, epsilon: float) -> np.ndarray:
        inner = self._linear(f"{layer}.output.dense", _gelu(self._linear(f"{layer}.intermediate.dense", x)))
        return self._norm(f"{layer}.output.LayerNorm", x + inner, epsilon)

    def _roberta(self, tokens: np.ndarray) -> np.ndarray:
        return self._bert(tokens, first=self.config["pad_token_id"] + 1)

    _xlm_roberta = _roberta

    def _mpnet(self, tokens: np.ndarray) -> np.ndarray:
        epsilon, heads = self.config["layer_norm_eps"], self.config["num_attention_heads"]
        table = self.weights["encoder.relative_attention_bias.weight"]
        count = len(tokens)
        buckets = [[_bucket(key - query, len(table)) for key in range(count)] for query in range(count)]
        bias = [table[buckets, head] for head in range(heads)]
        first = self.config["pad_token_id"] + 1
        x = self._norm("embeddings.LayerNorm", self._embedded(tokens, first), epsilon)
        for at in range(self.config["num_hidden_layers"]):
            layer = f"encoder.layer.{at}"
            q, k, v = (self._linear(f"{layer}.attention.attn.{name}", x) for name in "qkv")
            attended = self._linear(f"{layer}.attention.attn.o", self._attend(q, k, v, heads, bias))
            x = self._norm(f"{layer}.attention.LayerNorm", x + attended, epsilon)
            x = self._fed_forward(layer, x, epsilon)
        return x

    def _distilbert(self, tokens: np.ndarray) -> np.ndarray:
        epsilon, heads = 1e-12, self.config["n_heads"]
        x = self._norm("embeddings.LayerNorm", self._embedded(tokens, 0), epsilon)
        for at in range(self.config["n_layers"]):
            layer = f"transformer.layer.{at}"
            q, k, v = (self._linear(f"{layer}.attention.{name}", x) for name in ("q_lin", "k_lin", "v_lin"))
            attended = self._linear(f"{layer}.attention.out_lin", self._attend(q, k, v, heads))
            x = self._norm(f"{layer}.sa_layer_norm", x + attended, epsilon)
            inner = self._linear(f"{layer}.ffn.lin2", _gelu(self._linear(f"{layer}.ffn.lin1", x)))
            x = self._norm(f"{layer}.output_layer_norm", x + inner, epsilon)
        return x

    def _modernbert(self, tokens: np.ndarray) -> np.ndarray:
        config, epsilon = self.config, 1e-5
        places = np.arange(len(tokens))
        far = np.abs(places[:, None] - places[None]) > config["local_attention"] // 2
        x = self._norm("embeddings.norm", self.weights["embeddings.tok_embeddings.weight"][tokens], epsilon)
        for at in range(config["num_hidden_layers"]):
            layer = f"layers.{at}"
            everywhere = at % config["global_attn_every_n_layers"] == 0
            base = config["global_rope_theta" if everywhere else "local_rope_theta"]
            normed = self._norm(f"{layer}.attn_norm", x, epsilon) if at else x
            q, k, v = np.split(self._linear(f"{layer}.attn.Wqkv", normed), 3, -1)
            bias = 0 if everywhere else np.where(far, -np.inf, 0)
            attended = self._attend(q, k, v, config["num_attention_heads"], bias, base)
            x = x + self._linear(f"{layer}.attn.Wo", attended)
            value, gate = np.split(self._linear(f"{layer}.mlp.Wi", self._norm(f"{layer}.mlp_norm", x, epsilon)), 2, -1)
            x = x + self._linear(f"{layer}.mlp.Wo", _gelu(value) * gate)
        return self._norm("final_norm", x, epsilon)

    def _nomic_bert(self, tokens: np.ndarray) -> np.ndarray:
        config, epsilon = self.config, 1e-12
        x = self.weights["embeddings.word_embeddings.weight"][tokens]
        x = self._norm("emb_ln", x + self.weights["embeddings.token_type_embeddings.weight"][0], epsilon)
        for at in range(config["n_layer"]):
            layer = f"encoder.layers.{at}"
            q, k, v = np.split(self._linear(f"{layer}.attn.Wqkv", x), 3, -1)
            attended = self._attend(q, k, v, config["n_head"], base=config["rotary_emb_base"])
            x = self._norm(f"{layer}.norm1", x + self._linear(f"{layer}.attn.out_proj", attended), epsilon)
            gated = self._linear(f"{layer}.mlp.fc11", x) * _silu(self._linear(f"{layer}.mlp.fc12", x))
            x = self._norm(f"{layer}.norm2", x + self._linear(f"{layer}.mlp.fc2", gated), epsilon)
        return x


def _rotated(x: np.ndarray, base: float) -> np.ndarray:
    """Rotary embedding with half-split layout (GPT-NeoX)."""
    half = x.shape[-1] // 2
    angles = np.arange(len(x))[:, None] * base ** (-np.arange(half) / half)[None]
    one, other = x[:, :half], x[:, half:]
    return np.concatenate(
        [one * np.cos(angles) - other * np.sin(angles), other * np.cos(angles) + one * np.sin(angles)], -1
    )


def _bucket(distance: int, buckets: int) -> int:
    """T5's relative-position bucket of a pair of tokens."""
    half = buckets // 2
    offset, far, near = (half if distance > 0 else 0), abs(distance), half // 2
    if far < near:
        return offset + far
    return offset + min(half - 1, near + int(math.log(far / near) / math.log(128 / near) * (half - near)))


def mean(hidden: np.ndarray) -> np.ndarray:
    return hidden.mean(0)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
