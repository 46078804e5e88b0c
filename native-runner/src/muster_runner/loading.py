"""Brings a model into memory, telling how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache
from mlx_lm.utils import load_model

from muster_runner.model_files import ModelFileError, check_model, context_length, read_json
from muster_runner.stage import CannotShare, PipelineStage, check_files, evaluate, shard_tensors
from muster_runner.tokenizer import Tokenizer, load_tokenizer

DEFAULT_CONTEXT = 8192

Progress = Callable[[int, int], None]


class Unsupported(Exception):
    """A sound model that this runner cannot run; the message says why."""


@dataclass(frozen=True)
class LoadedModel:
    """``context_length``: most tokens of prompt and answer together. ``weight_bytes``: what the weights take."""

    model: Any
    tokenizer: Tokenizer
    context_length: int
    generation_config: dict[str, Any]
    weight_bytes: int
    # Whether the beginning of a computed prompt can serve another.
    can_reuse: bool


@dataclass(frozen=True)
class Share:
    """What of a model is this rank's. ``layers``: half-open range, for Pipeline."""

    group: Any
    sharding: str
    layers: tuple[int, int]


def set_wired_limit() -> None:
    """On macOS, lets the model's memory stay resident: what is not wired may be paged out between requests."""
    if mx.metal.is_available():
        mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))


def load(directory: Path, max_context: int | None, progress: Progress, share: Share | None = None) -> LoadedModel:
    """Loads all layers, or a rank's ``share``. ``progress(loaded, layers)`` after each. Raises ModelFileError and
    Unsupported."""
    config = check_model(directory)
    tokenizer = load_tokenizer(directory, config)
    path = directory / "generation_config.json"
    generation_config = read_json(path) if path.exists() else {}
    set_wired_limit()
    model, config = _lazily(directory, config, share)
    stage = _shared(model, config, share) if share else model
    evaluate(model, list(getattr(stage, "layers", [])), progress)
    if isinstance(stage, PipelineStage):
        stage.settle()
    limits = [limit for limit in (context_length(config), max_context) if limit is not None]
    return LoadedModel(
        model=stage,
        tokenizer=tokenizer,
        context_length=min(limits, default=DEFAULT_CONTEXT),
        generation_config=generation_config if isinstance(generation_config, dict) else {},
        weight_bytes=mx.get_active_memory(),
        can_reuse=can_trim_prompt_cache(make_prompt_cache(stage)),
    )


def _shared(model: Any, config: dict[str, Any], share: Share) -> Any:
    """What of a model that is not read yet is this rank's."""
    try:
        if share.sharding == "Pipeline":
            return PipelineStage(model, config, share.group, share.layers)
        shard_tensors(model, config, share.group)
        return model
    except CannotShare as error:
        raise Unsupported(str(error)) from error


def _lazily(directory: Path, config: dict[str, Any], share: Share | None) -> tuple[Any, dict[str, Any]]:
    """The model without its weights read yet."""
    # A stage may do without the files of other stages' layers, and without no other.
    whole = check_files(directory, *share.layers) if share and share.sharding == "Pipeline" else True
    try:
        model, config = load_model(directory, lazy=True, strict=whole)
    except (ValueError, KeyError, TypeError) as error:
        if "not supported" in str(error):
            raise Unsupported(
                f"this version of mlx-lm does not know the architecture {config['model_type']}"
            ) from error
        raise ModelFileError(f"config.json does not fit the model's weights: {error}") from error
    if not all(hasattr(cache, "merge") for cache in make_prompt_cache(model)):
        raise Unsupported(f"mlx-lm cannot batch requests for the architecture {config['model_type']}")
    return model, config
