"""Imports mlx-lm without the second that transformers takes.

mlx-lm imports transformers for its tokenizers alone. The runner reads ``tokenizer.json`` itself (see tokenizer.py),
so placeholders stand in while mlx-lm is imported. They are taken away again at once: a model whose tokenizer needs
transformers gets the real one.
"""

import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from muster_runner.failures import Failure


class _Placeholder(types.ModuleType):
    """Gives a class of its own for any name that is asked of it."""

    __path__: list[str]

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        placeholder = type(name, (), {"register": staticmethod(lambda *_args, **_kwargs: None)})
        setattr(self, name, placeholder)
        return placeholder


_NAMES = ("transformers", "transformers.tokenization_utils_base")


@contextmanager
def without_transformers() -> Iterator[None]:
    """While this lasts, transformers is a placeholder."""
    placed = [name for name in _NAMES if name not in sys.modules]
    for name in placed:
        sys.modules[name] = _Placeholder(name)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]


def import_mlx_lm() -> None:
    """Imports what the engine needs of mlx-lm."""
    import mlx.core as mx

    from muster_runner.device import has_gpu

    if not has_gpu():
        # On a processor mlx runs the system's C++ compiler while a request waits, and gains nothing by it.
        mx.disable_compile()
    with without_transformers():
        import mlx_lm.generate
        import mlx_lm.models.cache
        import mlx_lm.utils  # noqa: F401


def import_engine() -> float:
    """Imports all that computes. Returns the seconds that it took. Raises Failure."""
    start = time.monotonic()
    try:
        import_mlx_lm()
        import muster_runner.starting  # noqa: F401
    except ImportError as error:
        raise Failure(f"the Python environment is incomplete: {error}; run the set-up again", "environment") from error
    return time.monotonic() - start
