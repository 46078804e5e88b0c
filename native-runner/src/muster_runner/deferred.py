"""Imports mlx-lm without transformers and huggingface_hub, which would take most of a start.

mlx-lm needs transformers only for tokenizers, and the runner reads ``tokenizer.json`` itself (see tokenizer.py). It
needs huggingface_hub only for downloads, and a runner never downloads. So placeholder modules replace both while mlx-lm
is imported, and are removed at once: a model whose tokenizer needs transformers gets the real one.
"""

import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from muster_runner.failures import Failure


class _Placeholder(types.ModuleType):
    """A module whose every attribute is a new empty class."""

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


_NAMES = ("transformers", "transformers.tokenization_utils_base", "huggingface_hub")


@contextmanager
def without_unused_packages() -> Iterator[None]:
    """Replaces transformers and huggingface_hub by placeholders within the ``with`` block."""
    placed = [name for name in _NAMES if name not in sys.modules]
    for name in placed:
        sys.modules[name] = _Placeholder(name)
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]


def import_mlx_lm() -> None:
    """Imports the parts of mlx-lm that the engine needs."""
    import mlx.core as mx

    from muster_runner.device import has_gpu

    if not has_gpu():
        # On a CPU mlx would run the system's C++ compiler during a request, without a gain.
        mx.disable_compile()
    with without_unused_packages():
        import mlx_lm.generate
        import mlx_lm.models.cache
        import mlx_lm.utils  # noqa: F401


def import_engine() -> float:
    """Imports the engine and everything it needs. Returns the seconds it took. Raises Failure."""
    start = time.monotonic()
    try:
        import_mlx_lm()
        import muster_runner.starting  # noqa: F401
    except ImportError as error:
        raise Failure(f"the Python environment is incomplete: {error}; run the set-up again", "environment") from error
    return time.monotonic() - start
