"""What the blocks of a model hold: how many arrays, of which shapes and types.

A checksum shows that a file is whole, not that it fits the model. A block that does not would fail in the middle of a
step, which all requests share.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm.models.cache import ArraysCache, RotatingKVCache

from muster_runner.cache.cache_layers import NOTHING, Footprint, footprint, is_full, layers_of, state_of


class Form(NamedTuple):
    """The form of an array."""

    dtype: mx.Dtype
    shape: tuple[int, ...]


def form_of(array: mx.array) -> Form:
    return Form(array.dtype, tuple(array.shape))


@dataclass(frozen=True)
class StateLayout:
    """The state of a layer without full attention, as it was measured at one position. ``window``: its size, if it is a
    sliding window; ``is_constant``: whether all its states have this form."""

    measured: Any
    window: int | None
    is_constant: bool

    def fits(self, state: Any, end: int) -> bool:
        """Whether this is the form of a state at position ``end``."""
        if self.window is not None:
            keys, values, _, keep, size, _ = self.measured
            held = min(end, self.window)
            return state == (_of_tokens(keys, held), _of_tokens(values, held), end, keep, size, held)
        return state == self.measured if self.is_constant else _is_alike(state, self.measured)


@dataclass(frozen=True)
class BlockLayout:
    """``kv``: keys and values of each full-attention layer, of any number of tokens; ``states``: of the other
    layers."""

    kv: list[tuple[Form, Form]]
    states: list[StateLayout]

    def fits(self, kv: Any, states: Any, tokens: int, end: int) -> bool:
        """Whether a block of ``tokens`` tokens that ends at position ``end`` can hold these, given with the forms of
        their arrays."""
        if kv != [(_of_tokens(keys, tokens), _of_tokens(values, tokens)) for keys, values in self.kv]:
            return False
        if states is None:
            return True
        if not isinstance(states, list) or len(states) != len(self.states):
            return False
        return all(layout.fits(state, end) for layout, state in zip(self.states, states, strict=True))


def _of_tokens(form: Form, tokens: int) -> Form:
    batch, heads, _, width = form.shape
    return Form(form.dtype, (batch, heads, tokens, width))


def _is_alike(one: Any, other: Any) -> bool:
    """Whether two states can be those of different positions, of a kind of layer that is not known here: arrays differ
    in one dimension at most."""
    match one, other:
        case Form(), Form():
            differing = sum(side != other_side for side, other_side in zip(one.shape, other.shape, strict=False))
            return one.dtype == other.dtype and len(one.shape) == len(other.shape) and differing <= 1
        case (list(), list()) | (tuple(), tuple()):
            return len(one) == len(other) and all(map(_is_alike, one, other))
        case _:
            return type(one) is type(other)


class Measured(NamedTuple):
    """What is known of a model's caches once one was filled."""

    footprint: Footprint
    layout: BlockLayout


NO_CACHES = Measured(NOTHING, BlockLayout([], []))


def measured(cache: Sequence[Any]) -> Measured:
    """Measures a cache that holds at least one token."""
    layers = layers_of(cache)
    full = [layer for layer in layers if is_full(layer)]
    kv = [(_form_of(layer.keys), _form_of(layer.values)) for layer in full if layer.keys is not None]
    states = [_state_layout(layer) for layer in layers if not is_full(layer)]
    return Measured(footprint(cache), BlockLayout(kv, states))


def _state_layout(layer: Any) -> StateLayout:
    is_window = type(layer) is RotatingKVCache and layer.keep == 0 and not layer.empty()
    state = tree_map(_form_of, state_of(layer))
    return StateLayout(state, layer.max_size if is_window else None, type(layer) is ArraysCache)


def _form_of(value: Any) -> Any:
    return form_of(value) if isinstance(value, mx.array) else value
