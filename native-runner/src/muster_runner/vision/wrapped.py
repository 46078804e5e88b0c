"""Modules of a model that do more than before, in the place where they were."""

from typing import Any

import mlx.nn as nn


class Wrapped(nn.Module):
    """Stands in the place of ``inner``, with its attributes."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if "inner" not in self:
            raise AttributeError(name)
        return getattr(self["inner"], name)


class Counted(Wrapped):
    """The last part of a vision tower. ``vectors``: how many its last call returned."""

    vectors = 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        output = self.inner(*arguments, **options)
        # Some towers return features of several layers beside it.
        vectors = output[0] if isinstance(output, tuple) else output
        self.vectors = vectors.size // vectors.shape[-1]
        return output
