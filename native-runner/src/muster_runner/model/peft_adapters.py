"""Applies a LoRA adapter in the format of Hugging Face's PEFT to a model whose weights are still on disk.

PEFT computes ``W x + scale * B (A x)`` for each adapted linear layer, with the scale alpha / rank, or with rsLoRA
alpha / sqrt(rank) (https://huggingface.co/docs/peft/package_reference/lora). mlx-lm's LoRALinear computes the same from
transposed matrices, so the adapter is neither merged nor rounded.

1. The logits are those of the model with the adapter merged into its weights, up to rounding.
2. Every tensor must be a matrix A or B of a linear layer of the model, in pairs and of fitting shapes; else the load
   fails and names the first that is not. An adapter is never applied in part.
3. Settings are refused by name unless ``peft_settings.json`` says that they are applied or make no difference: an
   unknown one may change what the adapter computes. The node reads the same table.

Held by ``test_peft_adapters.py``.
"""

import json
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_unflatten

TABLE = Path(__file__).with_name("peft_settings.json")

# The name of a matrix: PEFT's wrapper, the module's path in transformers' model, the side.
_MATRIX = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")
# Patterns are regular expressions, so only those that cannot take long are accepted.
_PATTERN = re.compile(r"\^?[\w.]+")


class Misfit(Exception):
    """The adapter does not fit the model; the message says why."""


@cache
def _table() -> dict[str, Any]:
    return json.loads(TABLE.read_bytes())


def unsupported_setting(config: dict[str, Any]) -> str | None:
    """Describes the first setting of an adapter_config.json that is not supported; None if all are."""
    table = _table()
    for name, value in config.items():
        if name in table["allowed"]:
            if value not in table["allowed"][name]:
                return f"{name} is {value}, expected {' or '.join(map(str, table['allowed'][name]))}"
        elif name not in table["applied"] and name not in table["irrelevant"] and value:
            return f"{name} is not supported"
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if not isinstance(rank, int) or rank < 1:
        return "r is no positive number"
    if not isinstance(alpha, int | float):
        return "lora_alpha is no number"
    for name, kind in (("rank_pattern", int), ("alpha_pattern", int | float)):
        for key, value in (config.get(name) or {}).items():
            if not _PATTERN.fullmatch(key) or not isinstance(value, kind) or value <= 0:
                return f"{name} has the entry {key}, which is not supported"
    return None


def apply_matrices(model: nn.Module, config: dict[str, Any], weights: dict[str, mx.array]) -> None:
    """Makes LoRA layers of the layers that ``weights`` has matrices for. Raises Misfit."""
    modules = dict(model.named_modules())
    layers = []
    for name, (a, b) in _pairs(weights).items():
        # Models that read pictures keep their language model a level deeper.
        path = name if name in modules else f"language_model.{name}"
        layers.append((path, _layer(modules.get(path), name, a, b, config)))
    model.update_modules(tree_unflatten(layers))


def _pairs(weights: dict[str, mx.array]) -> dict[str, tuple[mx.array, mx.array]]:
    """Returns the matrices A and B by the path of their module. Raises Misfit."""
    sides: dict[str, dict[str, mx.array]] = {}
    for name in sorted(weights):
        matrix = _MATRIX.fullmatch(name)
        if matrix is None:
            raise Misfit(f"{name} is no LoRA matrix of a linear layer")
        sides.setdefault(matrix[1], {})[matrix[2]] = weights[name]
    if not sides:
        raise Misfit("it holds no tensors")
    for name, found in sides.items():
        if missing := {"A", "B"} - found.keys():
            raise Misfit(f"{name} has no lora_{missing.pop()}")
    return {name: (found["A"], found["B"]) for name, found in sides.items()}


def _layer(linear: Any, name: str, a: mx.array, b: mx.array, config: dict[str, Any]) -> nn.Module:
    """Returns the LoRA layer of a linear layer. Raises Misfit."""
    # Imported here: the import is slow, and few models have an adapter.
    from mlx_lm.tuner.lora import LoRALinear

    if linear is None:
        raise Misfit(f"{name} has no place in it")
    if not isinstance(linear, nn.Linear | nn.QuantizedLinear):
        raise Misfit(f"{name} is a {type(linear).__name__} in it, not a linear layer")
    rank = _setting(config, "r", "rank_pattern", name)
    alpha = _setting(config, "lora_alpha", "alpha_pattern", name)
    scale = alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank
    layer = LoRALinear.from_base(linear, r=rank, dropout=0.0, scale=scale)
    for side, matrix, place in (("A", a, layer.lora_a), ("B", b, layer.lora_b)):
        if matrix.shape != place.shape[::-1]:
            raise Misfit(f"{name} has a lora_{side} of the shape {tuple(matrix.shape)}, not {tuple(place.shape[::-1])}")
    layer.lora_a, layer.lora_b = a.T, b.T
    return layer


def _setting(config: dict[str, Any], name: str, patterns: str, module: str) -> Any:
    """Returns a setting for a module: of the first pattern that matches the end of its path, else the general one."""
    given: dict[str, Any] = config.get(patterns) or {}
    keys: Iterable[str] = (key for key in given if re.fullmatch(rf"(?:.*\.)?(?:{key})", module))
    return next((given[key] for key in keys), config[name])
