"""One rank's part of a model: some of its layers (Pipeline), or a part of each (Tensor)."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import make_prompt_cache

from muster_runner.model_files import ModelFileError

# Decoders whose layers can be run in parts as they stand: what comes before and after them is the embedding, the norm
# and the head, and nothing else is done with the activations. Each has a test that compares it with one process.
PIPELINED = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3"})

# Activations travel as one of these.
DTYPES = (mx.float32, mx.float16, mx.bfloat16)

_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")


class CannotShare(Exception):
    """A model that cannot be shared out like this; the message says why."""


def check_files(directory: Path, start: int, end: int) -> bool:
    """Whether all weight files are here. Raises ModelFileError where one is missing that layers ``start`` to
    ``end`` - 1 or what surrounds the layers need."""
    index = directory / "model.safetensors.index.json"
    if not index.exists():
        return True
    weights: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    missing = {file for file in weights.values() if not (directory / file).exists()}
    needed = {
        file for name, file in weights.items() if not (layer := _LAYER.search(name)) or start <= int(layer[1]) < end
    }
    if gone := sorted(missing & needed):
        raise ModelFileError(f"layers {start} to {end - 1} need {', '.join(gone)}, which is not on this machine")
    return not missing


def check_heads(config: dict[str, Any], size: int) -> None:
    """Raises CannotShare where the attention's heads cannot be dealt out evenly."""
    for name in ("num_attention_heads", "num_key_value_heads"):
        heads = config.get(name)
        if isinstance(heads, int) and heads % size:
            raise CannotShare(f"{name} is {heads}, which cannot be dealt out to {size} machines; use Pipeline")


def shard_tensors(model: Any, config: dict[str, Any], group: Any) -> None:
    """Leaves of every layer the part that is this rank's. Raises CannotShare."""
    if not hasattr(model, "shard"):
        raise CannotShare(f"mlx-lm cannot share the tensors of {config.get('model_type')} models out; use Pipeline")
    check_heads(config, group.size())
    model.shard(group)


class PipelineStage:
    """Some of a model's decoder layers, behind the interface of the whole model.

    Rank 0 has the last layers and gives logits (batch, length, vocabulary); the others give a stand-in of shape
    (batch, 1, 1). Activations (batch, length, hidden) go from each rank to the one before it.
    """

    def __init__(self, model: Any, config: dict[str, Any], group: Any, layers: tuple[int, int]):
        """``layers``: half-open range. Raises CannotShare."""
        architecture = config.get("model_type")
        inner = getattr(model, "model", None)
        if architecture not in PIPELINED or inner is None or not hasattr(inner, "layers"):
            raise CannotShare(f"the layers of {architecture} models cannot be shared out; use Tensor, or one machine")
        start, end = layers
        if not 0 <= start < end <= len(inner.layers):
            raise CannotShare(f"the model has {len(inner.layers)} layers, not {start} to {end - 1}")
        self._group, self._model, self._inner = group, model, inner
        self._rank = group.rank()
        self._previous = self._rank + 1 if self._rank + 1 < group.size() else None
        self._next = self._rank - 1 if self._rank > 0 else None
        self._hidden = config["hidden_size"]
        self._cut(start, end)
        self._dtype: Any = None

    def _cut(self, start: int, end: int) -> None:
        """Drops what other ranks have before any of it is read from the disk."""
        inner, model = self._inner, self._model
        inner.layers = inner.layers[start:end]
        # Where some layers attend to a window only: which of ours makes which kind of mask.
        for name, sliding in (("fa_idx", False), ("swa_idx", True)):
            if hasattr(inner, name):
                first = (at for at, layer in enumerate(inner.layers) if getattr(layer, "use_sliding", False) == sliding)
                setattr(inner, name, next(first, None if sliding else 0))
        tied = "lm_head" not in model
        if self._next is not None:
            inner.norm = nn.Identity()
            model.pop("lm_head", None)
        if self._previous is not None and not (self._next is None and tied):
            inner.embed_tokens = nn.Identity()

    def settle(self) -> None:
        """Agrees with the neighbours on the type of the activations. Every rank has to, once its weights are there."""
        for rank in reversed(range(self._group.size())):
            code = 0
            if rank == self._rank:
                code = DTYPES.index(self._output_type())
            code = int(mx.distributed.all_sum(mx.array(code), group=self._group).item())
            if rank == self._previous:
                self._dtype = DTYPES[code]

    def _output_type(self) -> Any:
        """Of the activations this stage sends; nothing is computed for it."""
        given = None if self._previous is None else mx.zeros((1, 1, self._hidden), self._dtype)
        return self._inner(mx.zeros((1, 1), mx.int32), None, input_embeddings=given).dtype

    @property
    def model(self) -> Any:
        return self._model

    @property
    def layers(self) -> list[Any]:
        return self._inner.layers

    def make_cache(self) -> list[Any]:
        return make_prompt_cache(self._model)

    def __call__(self, tokens: mx.array, cache: Any = None) -> mx.array:
        batch, length = tokens.shape
        given = None
        if self._previous is not None:
            shape = (batch, length, self._hidden)
            given = mx.distributed.recv(shape, self._dtype, self._previous, group=self._group)
        if self._next is None:
            return self._model(tokens, cache, input_embeddings=given)
        out = self._inner(tokens, cache, input_embeddings=given)
        sent = mx.distributed.send(out, self._next, group=self._group)
        if cache is not None:
            _pin(cache[-1], sent)
        return mx.depends(mx.zeros((batch, 1, 1)), sent)


def _pin(cache: Any, sent: mx.array) -> None:
    """Makes a cache depend on what was sent: prompts are computed by asking for caches only, and would never send."""
    if hasattr(cache, "keys"):
        cache.keys = mx.depends(cache.keys, sent)
    else:
        cache[0] = mx.depends(cache[0], sent)


def evaluate(model: Any, layers: list[Any], progress: Callable[[int, int], None]) -> None:
    """Reads the weights layer by layer, which shows honest progress and bounds the peak. The embedding and the head
    come with the last layer, which is done when all is."""
    total = max(1, len(layers))
    for at, layer in enumerate(layers):
        mx.eval(layer.parameters())
        # Tensors that are shared out are read as a whole first.
        mx.clear_cache()
        if at + 1 < total:
            progress(at + 1, total)
    mx.eval(model.parameters())
    progress(total, total)
