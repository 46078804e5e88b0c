"""Access to a model's cache layers for the prefix cache.

Full attention has KV of every token, so any range can be saved. Other layers (sliding windows, recurrent states) have
only their current state, which is saved as a copy of the whole at one position.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map, tree_reduce
from mlx_lm.models.cache import ArraysCache, CacheList, KVCache, RotatingKVCache, make_prompt_cache

from muster_runner.cache.quantized_cache import QuantizedCache

KeyValues = tuple[mx.array, mx.array]


def layers_of(cache: Sequence[Any]) -> list[Any]:
    """Lists the layers of a model's cache; a layer with several caches is flattened."""
    found = []
    for layer in cache:
        match layer:
            case CacheList():
                found += layers_of(layer.caches)
            case QuantizedCache():
                found += layer.parts
            case _:
                found.append(layer)
    return found


def states_of(cache: Sequence[Any]) -> list[ArraysCache]:
    """Lists the caches of recurrent layers."""
    return [layer for layer in layers_of(cache) if isinstance(layer, ArraysCache)]


def is_full(layer: Any) -> bool:
    """Whether the layer has KV of every token."""
    return type(layer) is KVCache


def has_only_full(model: Any) -> bool:
    return all(is_full(layer) for layer in layers_of(make_prompt_cache(model)))


def can_trim(model: Any) -> bool:
    """Whether the latest tokens can be removed from the model's caches in a sub-batch."""
    layers = layers_of(make_prompt_cache(model))
    return all(is_full(layer) or (type(layer) is RotatingKVCache and layer.keep == 0) for layer in layers)


def can_rewind(model: Any) -> bool:
    """Whether the model's caches in a sub-batch can go back by some tokens: by trimming, or by computing states again
    from those before."""
    layers = layers_of(make_prompt_cache(model))
    return can_trim(model) or all(is_full(layer) or type(layer) is ArraysCache for layer in layers)


def key_values(layer: KVCache, start: int, end: int) -> KeyValues:
    """Returns the KV of tokens [``start``, ``end``), each (1, heads, tokens, width), copied when evaluated."""
    return mx.contiguous(layer.keys[..., start:end, :]), mx.contiguous(layer.values[..., start:end, :])


def joined(parts: Sequence[KeyValues], tokens: int) -> tuple[mx.array, mx.array, int]:
    """Concatenates parts to the state of a KVCache with the first ``tokens`` tokens."""
    keys, values = (mx.concatenate(list(side), axis=2)[..., :tokens, :] for side in zip(*parts, strict=True))
    return keys, values, tokens


def _copied(value: Any) -> Any:
    # Copied, because caches write to their arrays in place.
    return mx.contiguous(value) if isinstance(value, mx.array) else value


def state_of(layer: Any) -> Any:
    """Returns a copy of the layer's state."""
    if type(layer) is RotatingKVCache and layer.keep == 0 and not layer.empty():
        # After a long pass it holds more than its window; the rest is never used again.
        keys, values = (
            mx.contiguous(layer._temporal_order(side)[..., -layer.max_size :, :]) for side in (layer.keys, layer.values)
        )
        return keys, values, layer.offset, layer.keep, layer.max_size, keys.shape[2]
    return tree_map(_copied, layer.state)


def set_state(layer: Any, state: Any) -> None:
    """Sets a new layer's state to a copy of a state from ``state_of``."""
    layer.state = tree_map(_copied, state)


@dataclass(frozen=True)
class Footprint:
    """The memory of caches in bytes: per token, per token within the window, and per sequence.

    A formula, so that all ranks with the same footprint compute the same sums.
    """

    per_token: int
    per_window_token: int = 0
    window: int = 0
    per_sequence: int = 0

    def state(self, tokens: int) -> int:
        """Bytes of the states after ``tokens`` tokens."""
        return self.per_window_token * min(tokens, self.window) + self.per_sequence

    def sequence(self, tokens: int) -> int:
        return self.per_token * tokens + self.state(tokens)

    def along(self, other: "Footprint") -> "Footprint":
        """Adds a second cache per sequence. If both have windows, the longer one is assumed for both."""
        return Footprint(
            self.per_token + other.per_token,
            self.per_window_token + other.per_window_token,
            max(self.window, other.window),
            self.per_sequence + other.per_sequence,
        )

    def with_margin(self, margin: int) -> "Footprint":
        """Returns the footprint where windows have a margin; see SlotCache."""
        return replace(self, window=self.window + margin) if self.per_window_token else self

    def fitting(self, nbytes: int, max_tokens: int) -> int:
        """Returns the longest sequence, up to ``max_tokens`` tokens, that fits into ``nbytes``."""
        low, high = 0, max_tokens
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.sequence(middle) <= nbytes else (low, middle - 1)
        return low


NOTHING = Footprint(per_token=0)


def footprint(cache: Sequence[Any]) -> Footprint:
    """Measures the footprint on a cache that is not empty."""
    per_token = per_window_token = window = per_sequence = 0
    for layer in layers_of(cache):
        if is_full(layer) and layer.keys is not None:
            size = layer.keys.shape[2]
            per_token += (layer.keys.nbytes + layer.values.nbytes) // max(1, size)
        elif isinstance(layer, RotatingKVCache) and layer.keys is not None:
            size = layer.keys.shape[2]
            per_window_token += (layer.keys.nbytes + layer.values.nbytes) // max(1, size)
            window = max(window, layer.max_size)
        elif not isinstance(layer, KVCache | RotatingKVCache):
            per_sequence += _bytes(layer.state)
    return Footprint(per_token, per_window_token, window, per_sequence)


def _bytes(state: Any) -> int:
    return tree_reduce(lambda total, value: total + (value.nbytes if isinstance(value, mx.array) else 0), state, 0)
