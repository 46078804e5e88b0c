"""Pipeline sharding: every rank has a range of the decoder layers, rank 0 the last ones, the highest rank the first.

A stage is the model with fewer layers: on all ranks but the first stage the embedding is replaced by a receive, on all
but the last stage the final norm is replaced by a send. That requires a decoder of the common form, so only
architectures are supported whose results a test compares with a single process.
"""

from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.distributed.group import Group

# Names of mlx-lm's modules. Each is tested in test_pipeline.py.
ARCHITECTURES = frozenset(
    {
        "deepseek_v2",
        "deepseek_v3",
        "glm4",
        "glm4_moe",
        "gpt_oss",
        "llama",
        "mimo",
        "ministral3",
        "mixtral",
        "olmo2",
        "phi3",
        "qwen2",
        "qwen3",
        "qwen3_moe",
        "qwen3_next",
        "seed_oss",
    }
)

DTYPES = (mx.float32, mx.float16, mx.bfloat16)


_FIRST_OF_KIND = {"fa_idx": "full", "ga_idx": "full", "swa_idx": "sliding", "ssm_idx": "linear"}
# Decoders that build such a mask even if no layer is of that kind. The mask is unused then, so any cache will do.
_ALWAYS_MASKED = {("llama", "fa_idx"), ("gpt_oss", "ga_idx"), ("gpt_oss", "swa_idx")}


def _kind(body: Any, at: int) -> str:
    layer = body.layers[at]
    if getattr(layer, "is_linear", False):
        return "linear"
    kinds = getattr(body, "layer_types", None)
    sliding = getattr(layer, "use_sliding", kinds is not None and kinds[at] == "sliding_attention")
    return "sliding" if sliding else "full"


class _Receive(nn.Module):
    """Replaces the embedding: receives hidden states (batch, length, width) from the previous stage."""

    def __init__(self, group: Group, width: int, dtype: mx.Dtype, head: nn.Module | None):
        """``head``: the original embedding, if the model's head is tied to it."""
        super().__init__()
        self._group, self._width, self._dtype = group, width, dtype
        self.head = head

    def __call__(self, tokens: mx.array) -> mx.array:
        return self._group.receive((*tokens.shape, self._width), self._dtype, self._group.rank + 1)

    def as_linear(self, hidden: mx.array) -> mx.array:
        assert self.head is not None
        return self.head.as_linear(hidden)


class _Send(nn.Module):
    """Replaces the final norm: sends hidden states to the next stage."""

    def __init__(self, group: Group):
        super().__init__()
        self._group = group

    def __call__(self, hidden: mx.array) -> mx.array:
        sent = self._group.send(hidden, self._group.rank - 1)
        # Evaluated at once: prefill evaluates only the caches, so a lazy send would never happen.
        mx.eval(sent)
        return sent


class Stage:
    """One rank's layers. Called like the model; on ranks above 0 the result has no meaning."""

    def __init__(self, model: Any, start: int, end: int, group: Group):
        """Cuts ``model`` down to the layers [``start``, ``end``), before any weight is read."""
        self.model, self._group = model, group
        self._body = model.model
        self._architecture = type(self._body).__module__.rpartition(".")[2]
        self._last = group.rank == 0
        self._first = group.rank == group.size - 1
        self._tied = "lm_head" not in model
        self._cut(start, end)

    @property
    def layers(self) -> list[Any]:
        """The decoder layers of this rank."""
        return self.model.layers

    def make_cache(self) -> list[Any]:
        """Returns an empty cache for each layer of this rank."""
        from mlx_lm.models.cache import make_prompt_cache

        return make_prompt_cache(self.model)

    def connect(self, width: int) -> None:
        """Agrees with all ranks on the dtype of the passed hidden states, and installs send and receive.

        ``width``: of a hidden state. Raises PeerLost.
        """
        received = mx.float32
        for sender in range(self._group.size - 1, 0, -1):
            is_sender = self._group.rank == sender
            code = DTYPES.index(self._output_dtype(received, width)) if is_sender else 0
            agreed = DTYPES[self._group.sum([code])[0]]
            if self._group.rank == sender - 1:
                received = agreed
        if not self._first:
            head = self._body.embed_tokens if self._last and self._tied else None
            self._body.embed_tokens = _Receive(self._group, width, received, head)
        if not self._last:
            self._body.norm = _Send(self._group)

    def __call__(self, tokens: mx.array, cache: Any = None) -> mx.array:
        return self.model(tokens, cache=cache) if self._last else self._body(tokens, cache=cache)

    def _cut(self, start: int, end: int) -> None:
        body = self._body
        if isinstance(kinds := getattr(body, "layer_types", None), list):
            body.layer_types = kinds[start:end]
        body.layers = body.layers[start:end]
        # Some decoders build one mask per kind of layer, from the cache of the first layer of that kind.
        for name, wanted in _FIRST_OF_KIND.items():
            if hasattr(body, name):
                without = 0 if (self._architecture, name) in _ALWAYS_MASKED else None
                kinds = [_kind(body, at) for at in range(len(body.layers))]
                setattr(body, name, next((at for at, kind in enumerate(kinds) if kind == wanted), without))
        if not self._first and not (self._last and self._tied):
            body.embed_tokens = nn.Identity()
        if not self._last:
            body.norm = nn.Identity()
            self.model.pop("lm_head", None)

    def _output_dtype(self, received: mx.Dtype, width: int) -> mx.Dtype:
        """Returns the dtype of the last layer's output, without computing it (lazy evaluation)."""
        if not self._first:
            self._body.embed_tokens = lambda tokens: mx.zeros((*tokens.shape, width), received)
        return self._body(mx.zeros((1, 1), mx.int32), cache=self.make_cache()).dtype
