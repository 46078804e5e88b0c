"""Applies a LoRA adapter to a model whose weights are still on disk: one that mlx-lm trained and saved, or one in the
format of PEFT (``peft_adapters.py``).

1. The answers are those of ``mlx_lm.load(model, adapter_path=...)``: the layers are converted by mlx-lm's own code and
   the adapter is not merged into the weights.
2. Every tensor of the adapter must match a parameter of the model in name and shape; else the load fails and names the
   first that does not. An adapter is never applied in part.
3. A rank of a pipeline applies all of it and reads only what its layers need.

Held by ``test_adapters.py``.
"""

import types
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from muster_runner.failures import Unsupported
from muster_runner.model import peft_adapters
from muster_runner.model.model_files import ModelFileError, check_safetensors, read_json
from muster_runner.protocol import Adapter

CONFIG = "adapter_config.json"
WEIGHTS = "adapters.safetensors"
PEFT_WEIGHTS = "adapter_model.safetensors"
# The parameters that LoRA (and DoRA) conversion adds to a layer.
ADDED = frozenset({"lora_a", "lora_b", "m"})


def apply_adapter(model: nn.Module, adapter: Adapter) -> None:
    """Applies the adapter to ``model`` in place. Raises ModelFileError if files are damaged, Unsupported if it does not
    fit the model."""
    directory = Path(adapter.adapter_path)
    config = read_json(directory / CONFIG)
    if not isinstance(config, dict):
        raise ModelFileError(f"{CONFIG} is damaged: it holds no object")
    if "peft_type" in config:
        _apply_peft(model, adapter, config)
    else:
        _apply_mlx_lm(model, adapter, config)


def _weights(path: Path) -> dict[str, mx.array]:
    """Returns the tensors of a file, unread. Raises ModelFileError."""
    check_safetensors(path)
    weights = mx.load(str(path))
    if not isinstance(weights, dict):
        raise ModelFileError(f"{path.name} is damaged: it holds no named tensors")
    return weights


def _apply_peft(model: nn.Module, adapter: Adapter, config: dict[str, Any]) -> None:
    if why := peft_adapters.unsupported_setting(config):
        raise Unsupported(f"the adapter {adapter.adapter_id} cannot be applied: in {CONFIG} {why}")
    weights = _weights(Path(adapter.adapter_path) / PEFT_WEIGHTS)
    try:
        peft_adapters.apply_matrices(model, config, weights)
    except peft_adapters.Misfit as error:
        raise _of_another_model(adapter, str(error)) from error
    model.eval()


def _apply_mlx_lm(model: nn.Module, adapter: Adapter, config: dict[str, Any]) -> None:
    # Imported here: the import is slow, and few models have an adapter.
    from mlx_lm.tuner.utils import linear_to_lora_layers

    settings = types.SimpleNamespace(**config)
    kind = getattr(settings, "fine_tune_type", "lora")
    weights = _weights(Path(adapter.adapter_path) / WEIGHTS)
    try:
        if kind != "full":
            linear_to_lora_layers(model, settings.num_layers, settings.lora_parameters, use_dora=kind == "dora")
    except Exception as error:  # mlx-lm converts the layers without checking the configuration first
        raise Unsupported(f"the adapter {adapter.adapter_id} cannot be applied to this model: {error}") from error
    places = {
        name: value
        for name, value in tree_flatten(model.parameters())
        if kind == "full" or name.rsplit(".", 1)[-1] in ADDED
    }
    if why := _misfit(weights, places):
        raise _of_another_model(adapter, why)
    # Not the model's own method: on several ranks it requires all weights of this rank's layers.
    nn.Module.load_weights(model, list(weights.items()), strict=False)
    # Conversion leaves training mode on, with dropout.
    model.eval()


def _of_another_model(adapter: Adapter, why: str) -> Unsupported:
    return Unsupported(f"the adapter {adapter.adapter_id} was trained for another model: {why}")


def _misfit(weights: dict[str, Any], places: dict[str, Any]) -> str | None:
    """Describes the first tensor that does not match a parameter of the model; None if all do."""
    if not weights:
        return "it holds no tensors"
    for name in sorted(weights):
        place = places.get(name)
        if place is None:
            return f"{name} has no place in it"
        if place.shape != weights[name].shape:
            return f"{name} has the shape {tuple(weights[name].shape)}, not {tuple(place.shape)}"
    return None
