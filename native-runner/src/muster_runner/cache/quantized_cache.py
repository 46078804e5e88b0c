"""The 8-bit KV cache: half the memory for the same context.

mlx-lm's QuantizedKVCache supports only one sequence. Here each of the three arrays of a quantized array (values,
scales, biases) is in an ordinary cache of mlx-lm, so batching, trimming, the prefix cache and the disk cache work
unchanged. mlx-lm's attention recognises the cache by its ``bits`` and computes with the quantized arrays directly.
"""

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import KVCache, make_prompt_cache

from muster_runner.failures import Unsupported

BITS = 8
# Values per scale and bias; the first that divides the head width is used.
GROUP_SIZES = (64, 32)
# Arrays of a quantized array: values, scales, biases.
PARTS = 3


def group_size(width: int) -> int | None:
    """Returns the group size for heads of ``width`` values; None if they cannot be quantized."""
    return next((size for size in GROUP_SIZES if width % size == 0), None)


class QuantizedCache:
    """The cache of a layer. ``parts``: caches of mlx-lm of one sequence, of several while their prompts are prefilled
    together (``merge``), or the SlotCaches of a sub-batch."""

    bits = BITS

    def __init__(self, parts: list[Any] | None = None, group: int | None = None):
        self.parts = parts or [KVCache() for _ in range(PARTS)]
        self.group_size = group

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[Any, Any]:
        if self.group_size is None:
            self.group_size = _common_group_size(keys.shape[-1], values.shape[-1])
        quantized = zip(
            mx.quantize(keys, group_size=self.group_size, bits=BITS),
            mx.quantize(values, group_size=self.group_size, bits=BITS),
            self.parts,
            strict=True,
        )
        updated = [part.update_and_fetch(key, value) for key, value, part in quantized]
        return tuple(key for key, _ in updated), tuple(value for _, value in updated)

    @property
    def offset(self) -> Any:
        return self.parts[0].offset

    @property
    def state(self) -> list[Any]:
        return [part.state for part in self.parts]

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self.parts)

    def make_mask(self, *arguments: Any, **options: Any) -> Any:
        return self.parts[0].make_mask(*arguments, **options)

    def size(self) -> int:
        return self.parts[0].size()

    def empty(self) -> bool:
        return self.parts[0].empty()

    def is_trimmable(self) -> bool:
        return True

    def trim(self, count: int) -> int:
        return max([part.trim(count) for part in self.parts])

    # As a batch

    def merge(self, caches: Sequence["QuantizedCache"]) -> "QuantizedCache":
        each = zip(*(cache.parts for cache in caches), strict=True)
        group = next((cache.group_size for cache in caches if cache.group_size is not None), None)
        return QuantizedCache([parts[0].merge(list(parts)) for parts in each], group)

    def extract(self, at: int) -> "QuantizedCache":
        return QuantizedCache([part.extract(at) for part in self.parts], self.group_size)

    def prepare(self, **padding: Any) -> None:
        for part in self.parts:
            part.prepare(**padding)

    def finalize(self) -> None:
        for part in self.parts:
            part.finalize()


def _common_group_size(keys: int, values: int) -> int:
    """Returns the group size for both widths. Raises Unsupported if they cannot be quantized."""
    if (size := group_size(keys)) is None or values % size:
        raise Unsupported(
            f"this model's context cannot be kept in {BITS} bits: its heads have {keys} values, which is no multiple "
            f"of {GROUP_SIZES[-1]}; declare it without kvBits"
        )
    return size


def keep_in_8_bits(model: Any, plain_attention: bool | None) -> None:
    """Makes a loaded model use 8-bit caches. ``plain_attention``: whether its layers give keys and values to mlx-lm's
    attention function and compute nothing else with them; None: unknown, so a token is computed to find out. Raises
    Unsupported if they do, or if it has other kinds of caches."""
    caches = make_prompt_cache(model)
    if others := sorted({type(layer).__name__ for layer in caches if type(layer) is not KVCache}):
        raise _unsupported(f"its layers keep it as {', '.join(others)}")
    model.make_cache = lambda: [QuantizedCache() for _ in caches]
    if plain_attention is None:
        plain_attention = _computes(model)
    if not plain_attention:
        raise _unsupported("its layers compute with it themselves")


def _computes(model: Any) -> bool:
    try:
        mx.eval(model(mx.array([[0]]), cache=model.make_cache()))
    except (Unsupported, MemoryError):
        raise
    except Exception:  # whatever a layer raises that is given three arrays for one
        return False
    return True


def _unsupported(why: str) -> Unsupported:
    return Unsupported(f"this model's context cannot be kept in {BITS} bits: {why}; declare it without kvBits")
