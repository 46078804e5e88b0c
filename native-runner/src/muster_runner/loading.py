"""Brings a model into memory, telling how far it is."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.model_files import ModelFileError, check_model, context_length, read_json
from muster_runner.tokenizer import Tokenizer, load_tokenizer

DEFAULT_CONTEXT = 8192

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LoadedModel:
    model: Any
    tokenizer: Tokenizer
    context_length: int
    generation_config: dict[str, Any]


def set_wired_limit() -> None:
    """On macOS, lets the model's memory stay resident: what is not wired may be paged out between requests."""
    if mx.metal.is_available():
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))


def load(directory: Path, max_context: int | None, progress: Progress) -> LoadedModel:
    """Loads all layers. ``progress(loaded, layers)`` after each. Raises ModelFileError, which names the file."""
    from mlx_lm.utils import load_model

    config = check_model(directory)
    tokenizer = load_tokenizer(directory, config)
    path = directory / "generation_config.json"
    generation_config = read_json(path) if path.exists() else {}
    set_wired_limit()
    try:
        model, config = load_model(directory, lazy=True)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"config.json does not fit the model's weights: {error}") from error
    layers = list(getattr(model, "layers", []))
    total = max(1, len(layers))
    # Lazy arrays are read when they are evaluated: layer by layer shows honest progress and bounds the peak.
    for at, layer in enumerate(layers):
        mx.eval(layer.parameters())
        if at + 1 < total:
            progress(at + 1, total)
    mx.eval(model.parameters())
    progress(total, total)
    limits = [limit for limit in (context_length(config), max_context) if limit is not None]
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        context_length=min(limits, default=DEFAULT_CONTEXT),
        generation_config=generation_config if isinstance(generation_config, dict) else {},
    )


def warm_up(model: Any, prefill_step: int) -> int:
    """Generates once, so that the first request does not pay for compiling. Returns the cache's bytes per token."""
    from mlx_lm.models.cache import make_prompt_cache

    cache = make_prompt_cache(model)
    prompt = min(16, prefill_step)
    mx.eval(model(mx.zeros((1, prompt), mx.int32), cache=cache), [layer.state for layer in cache])
    mx.eval(model(mx.zeros((1, 1), mx.int32), cache=cache))
    held = 0
    for layer in cache:
        # Caches of other kinds have no keys that grow with the tokens.
        with contextlib.suppress(AttributeError, TypeError, ValueError):
            held += sum(array.nbytes for array in layer.state[:2])
    return max(1, held // (prompt + 1))
