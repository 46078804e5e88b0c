"""Copies of the tiny vision models in the forms of published ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx

Weights = dict[str, mx.array]

QWEN2 = ("qwen2_vl", "qwen2_5_vl")
# Of Qwen3.5's norms, which are published without the 1 that they add.
NORMS = (
    ".input_layernorm.weight",
    ".post_attention_layernorm.weight",
    "model.norm.weight",
    "q_norm.weight",
    "k_norm.weight",
)
EXPERTS = ".switch_mlp."


def changed(directory: Path, out: Path, weights: Callable[[Weights], Weights] | None = None, **config: Any) -> Path:
    """Copies a model with other weights or entries of config.json. Returns ``out``."""
    shutil.copytree(directory, out)
    if weights is not None:
        given = weights(dict(mx.load(str(directory / "model.safetensors"))))
        mx.save_safetensors(str(out / "model.safetensors"), {name: mx.contiguous(each) for name, each in given.items()})
    edit(out / "config.json", **config)
    return out


def edit(path: Path, **entries: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def published(kind: str, weights: Weights, nested: bool = False) -> Weights:
    """Gives weights the names and layouts of PyTorch. ``nested``: Qwen2-VL's newer names, which the others have."""
    by_name = {_name(kind, name, nested): _layout(kind, name, each) for name, each in weights.items()}
    found = {name: each for name, each in by_name.items() if EXPERTS not in name}
    for block in {name.partition(EXPERTS)[0] for name in by_name if EXPERTS in name}:
        gate, up, down = (by_name[f"{block}{EXPERTS}{part}_proj.weight"] for part in ("gate", "up", "down"))
        pair = mx.concatenate([gate, up], axis=1)
        swapped = kind == "qwen3_vl_moe"
        found[f"{block}.experts.gate_up_proj"] = pair.swapaxes(1, 2) if swapped else pair
        found[f"{block}.experts.down_proj"] = down.swapaxes(1, 2) if swapped else down
    return found


def _name(kind: str, name: str, nested: bool) -> str:
    if kind in ("mistral3", "pixtral"):
        return name.replace("vision_tower.vision_model", "vision_tower")
    if kind == "gemma4":
        return "model." + name.replace("language_model.model", "language_model")
    if not kind.startswith("qwen"):
        return name
    outer = kind in QWEN2 and not nested
    name = name.replace("vision_tower", "visual" if outer else "model.visual")
    name = name.replace("language_model.model", "model" if outer else "model.language_model")
    return name.replace("language_model.lm_head", "lm_head")


def _layout(kind: str, name: str, value: mx.array) -> mx.array:
    if name.endswith(("patch_embed.proj.weight", "patch_conv.weight", "patch_embedding.weight")):
        return value.moveaxis(-1, 1)
    if name.endswith("conv1d.weight"):
        return value.moveaxis(1, 2)
    return value - 1 if kind.startswith("qwen3_5") and value.ndim == 1 and name.endswith(NORMS) else value


def quantized(weights: Weights, parts: dict[str, tuple[int, int]]) -> Weights:
    """Quantizes matrices. ``parts``: bits and group size of the weights whose names begin so."""
    found: Weights = {}
    for name, value in weights.items():
        settings = next((each for start, each in parts.items() if name.startswith(start)), None)
        module, _, last = name.rpartition(".")
        if settings is None or last != "weight" or value.ndim != 2 or value.shape[1] % settings[1]:
            found[name] = value
            continue
        arrays = mx.quantize(value, bits=settings[0], group_size=settings[1])
        found |= {f"{module}.{part}": each for part, each in zip(("weight", "scales", "biases"), arrays, strict=True)}
    return found


def dequantized(weights: Weights, parts: dict[str, tuple[int, int]]) -> Weights:
    """Returns the values that ``quantized`` keeps, as plain matrices."""
    packed = quantized(weights, parts)
    found = {}
    for name, value in packed.items():
        module, _, last = name.rpartition(".")
        if last in ("scales", "biases"):
            continue
        if f"{module}.scales" in packed and last == "weight":
            bits, size = next(each for start, each in parts.items() if name.startswith(start))
            value = mx.dequantize(
                value, packed[f"{module}.scales"], packed[f"{module}.biases"], bits=bits, group_size=size
            )
        found[name] = value
    return found
