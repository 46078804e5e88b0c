"""One forward pass over several sub-batches for models that compute with keys, states or masks themselves.

``ragged_layer.py`` splits a batch within mlx-lm's attention function. Multi-head latent attention, linear attention and
state-space layers do not call it, or not with the cache's own arrays. For them the whole module that has the cache is
called for each sub-batch, with that sub-batch's rows, cache and mask, so it computes exactly what it would in a pass of
its own. Only the weights of these modules are read more than once: embedding, feed-forward layers, experts and head are
computed for all rows together.
"""

import inspect
from functools import cache
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from muster_runner.cache.ragged_layer import PerSubBatch, RaggedLayer


def split_modules(model: Any) -> None:
    """Makes the modules of ``model`` that have a cache, below its decoder layers, accept the caches of several
    sub-batches. With those of one they do what they did."""
    for layer in model.layers:
        for module in _with_cache(layer):
            if not hasattr(type(module), "of_one"):
                module.__class__ = _split(type(module))


def _takes_cache(module: nn.Module) -> bool:
    return "cache" in inspect.signature(type(module).__call__).parameters


def _with_cache(layer: nn.Module) -> list[nn.Module]:
    """Returns the outermost modules below a layer that take a cache."""
    found = []
    for child in layer.children().values():
        for module in child if isinstance(child, list) else [child]:
            if isinstance(module, nn.Module):
                found += [module] if _takes_cache(module) else _with_cache(module)
    return found


@cache
def _split(kind: Any) -> Any:
    """Returns a subclass whose modules are called for each sub-batch."""
    original = kind.__call__

    def call(self: Any, *args: Any, **options: Any) -> Any:
        ragged = next((one for one in (*args, *options.values()) if isinstance(one, RaggedLayer)), None)
        if ragged is None:
            return original(self, *args, **options)
        rows = []
        for at in range(len(ragged.layers)):
            named = dict(zip(options, _part(options.values(), ragged, at), strict=True))
            rows.append(original(self, *_part(args, ragged, at), **named))
        return mx.concatenate(rows, axis=0)

    return type(kind.__name__, (kind,), {"__call__": call, "__module__": kind.__module__, "of_one": kind})


def _part(values: Any, ragged: RaggedLayer, at: int) -> list[Any]:
    """Returns the part of each argument that sub-batch ``at`` is called with."""
    parts = []
    for value in values:
        match value:
            case RaggedLayer():
                parts.append(value.layers[at])
            case PerSubBatch():
                parts.append(value.parts[at])
            case mx.array():
                parts.append(ragged.split(value)[at])
            case _:
                parts.append(value)
    return parts
