"""Loads a model, or one rank's part of it, and reports progress."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.cache.quantized_cache import keep_in_8_bits
from muster_runner.device import wire_memory
from muster_runner.failures import Unsupported
from muster_runner.model.adapters import apply_adapter
from muster_runner.model.architectures import Abilities, abilities, module_name, within
from muster_runner.model.model_files import ModelFileError, check_model, context_length, read_json
from muster_runner.model.part import Part
from muster_runner.model.pipeline import ARCHITECTURES, Stage
from muster_runner.model.tensor import Slice, uneven
from muster_runner.model.weights import needed_names, open_model
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.output.constraints import Vocabulary
from muster_runner.protocol import Adapter
from muster_runner.tokenization.tokenizer import Tokenizer, load_tokenizer
from muster_runner.vision.kind import reads_pictures
from muster_runner.vision.tower import Tower, open_tower

DEFAULT_CONTEXT = 8192

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory. ``context_length``: maximum tokens of prompt and answer together. ``weight_bytes``: memory of
    the weights on this rank. ``able``: support for batching and caching. ``tokenizer`` and ``rules`` (of answers): only
    on the rank that takes requests. ``tower``: the vision tower, if the model has one and is not sharded.
    ``prompt_cache``: its folder in the disk cache, if there is one. ``vocabulary_size``: tokens that both the model and
    its tokenizer have, on the rank that takes requests, once it is warmed up."""

    directory: Path
    model: Any
    able: Abilities
    tokenizer: Tokenizer | None
    rules: AnswerRules | None
    context_length: int
    generation_config: dict[str, Any]
    weight_bytes: int
    tower: Tower | None = None
    prompt_cache: str | None = None
    vocabulary_size: int = 0


def load(
    directory: Path,
    max_context: int | None,
    progress: Progress,
    part: Part,
    kv_bits: int | None = None,
    adapter: Adapter | None = None,
) -> LoadedModel:
    """Loads this rank's layers and calls ``progress(loaded, layers)`` after each. ``kv_bits``: of the KV cache; None
    for the model's dtype. ``adapter``: a LoRA adapter to apply. Raises ModelFileError and Unsupported, and on several
    ranks PeerLost."""
    config = check_model(directory, lambda names: needed_names(part, names), tokenizer=part.answers)
    tokenizer = load_tokenizer(directory, config) if part.answers else None
    rules = AnswerRules(tokenizer, Vocabulary(tokenizer)) if tokenizer is not None else None
    path = directory / "generation_config.json"
    generation_config = read_json(path) if path.exists() else {}
    wire_memory()
    model, config = _open_part(directory, config, part, adapter)
    layers = list(getattr(model, "layers", []))
    total = max(1, len(layers))
    # Weights are read when they are evaluated; doing so by layer gives true progress and limits peak memory. The last
    # layer counts as loaded only once the embedding and the head are read too.
    for at, layer in enumerate(layers):
        mx.eval(layer.parameters())
        if part.group is not None:
            # Free the whole layer that this rank's slice was cut from, for the next layer.
            mx.clear_cache()
        if at + 1 < total:
            progress(at + 1, total)
    mx.eval((model if part.group is None else model.model).parameters())
    progress(total, total)
    tower = open_tower(directory, config, model) if part.group is None and reads_pictures(directory, config) else None
    if isinstance(model, Stage):
        model.connect(config["hidden_size"])
    able = abilities(config)
    if kv_bits is not None:
        # Some architectures have networks of several kinds. One rank alone cannot compute a token to find out.
        keep_in_8_bits(model, able.ragged or (None if part.group is None else False))
    limits = [limit for limit in (context_of(model, config), max_context) if limit is not None]
    return LoadedModel(
        directory=directory,
        model=model,
        able=within(able, model),
        tokenizer=tokenizer,
        rules=rules,
        context_length=min(limits, default=DEFAULT_CONTEXT),
        generation_config=generation_config if isinstance(generation_config, dict) else {},
        weight_bytes=mx.get_active_memory(),
        tower=tower,
    )


def context_of(model: Any, config: dict[str, Any]) -> int | None:
    """Returns the trained context length: from config.json, else the default of mlx-lm's arguments class."""
    if (configured := context_length(config)) is not None:
        return configured
    for part in (model, getattr(model, "language_model", None), getattr(model, "model", None)):
        arguments = getattr(part, "args", None)
        if arguments is not None and (default := context_length(vars(arguments))) is not None:
            return default
    return None


def _open_part(
    directory: Path, config: dict[str, Any], part: Part, adapter: Adapter | None
) -> tuple[Any, dict[str, Any]]:
    """Opens this rank's part, with its weights still unread."""
    kind = config["model_type"]
    if part.pipelined and module_name(config) not in ARCHITECTURES:
        raise Unsupported(f"the layers of the architecture {kind} cannot be distributed over several machines")
    if part.group is not None and not part.pipelined and (why := uneven(config, part.group.size)):
        raise Unsupported(f"this model cannot be split by tensors: {why}")
    if adapter is not None and part.group is not None and not part.pipelined:
        raise Unsupported("a model cannot be split by tensors with a LoRA adapter")
    model, config = open_model(directory, config, part)
    if adapter is not None:
        apply_adapter(model, adapter)
    if part.group is not None:
        if len(model.layers) != part.layers:
            raise ModelFileError(f"config.json gives the model {len(model.layers)} layers, not {part.layers}")
        if part.pipelined:
            model = Stage(model, part.start, part.end, part.group)
        elif hasattr(model, "shard"):
            model = Slice(model, part.group)
        else:
            raise Unsupported(f"mlx-lm cannot split the architecture {kind} by tensors")
    return model, config
