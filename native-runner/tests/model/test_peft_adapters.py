"""A LoRA adapter in the format of PEFT changes a model as if it were merged into its weights, or is refused by name."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import pytest
from adapted_alone import by_mlx_lm, told
from mlx.utils import tree_flatten, tree_unflatten
from mlx_lm.utils import load_model
from runner_process import RunnerGroup

from muster_runner.failures import Unsupported
from muster_runner.model.adapters import apply_adapter
from muster_runner.model.make_tiny_adapter import make_tiny_adapter
from muster_runner.model.model_files import ModelFileError
from muster_runner.protocol import Adapter

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PROMPT = mx.array([[5, 40, 9, 21, 33, 17, 2, 50]])
Change = Callable[[dict[str, Any], dict[str, mx.array]], None]


def adapter_with(model: Path, folder: Path, change: Change = lambda _config, _weights: None) -> Adapter:
    """Makes an adapter in PEFT's format, with its settings and tensors changed."""
    make_tiny_adapter(folder, model, peft=True)
    config = json.loads((folder / CONFIG).read_text())
    weights = mx.load(str(folder / WEIGHTS))
    assert isinstance(weights, dict)
    change(config, weights)
    # Evaluated before their file is replaced.
    mx.eval(weights)
    mx.save_safetensors(str(folder / WEIGHTS), weights)
    (folder / CONFIG).write_text(json.dumps(config))
    return Adapter(adapter_id="muster/adapter", adapter_path=str(folder))


def adapted(model: Path, adapter: Adapter) -> mx.array:
    loaded, _ = load_model(model)
    apply_adapter(loaded, adapter)
    return loaded(PROMPT)


def merged(model: Path, adapter: Adapter, scale: Callable[[str], float]) -> mx.array:
    """The logits of the model with ``scale`` B A of each module, as PEFT names them, added to its weight."""
    loaded, _ = load_model(model)
    weights = mx.load(str(Path(adapter.adapter_path) / WEIGHTS))
    assert isinstance(weights, dict)
    parameters = dict(tree_flatten(loaded.parameters()))
    for name in weights:
        module, side, _ = name.removeprefix("base_model.model.").rsplit(".", 2)
        if side == "lora_A":
            delta = weights[name.replace("lora_A", "lora_B")] @ weights[name]
            parameters[f"{module}.weight"] = parameters[f"{module}.weight"] + scale(module) * delta
    loaded.update(tree_unflatten(list(parameters.items())))
    return loaded(PROMPT)


def of_rank_2(config: dict[str, Any], weights: dict[str, mx.array]) -> None:
    """One kind of module has matrices of another rank, and another alpha; a single one has a third alpha."""
    for name, value in weights.items():
        if ".q_proj." in name:
            weights[name] = value[:2] if "lora_A" in name else value[:, :2]
    config["rank_pattern"] = {"q_proj": 2}
    config["alpha_pattern"] = {"^model.layers.3.self_attn.q_proj": 7, "q_proj": 3}


def with_rslora(config: dict[str, Any], _weights: dict[str, mx.array]) -> None:
    config["use_rslora"] = True


def scale_of_rank_2(module: str) -> float:
    if not module.endswith("q_proj"):
        return 10.0
    return 7 / 2 if module.startswith("model.layers.3.") else 3 / 2


@pytest.mark.parametrize(
    ("change", "scale"),
    [
        (lambda _config, _weights: None, lambda _module: 10.0),
        (with_rslora, lambda _module: 40 / math.sqrt(4)),
        (of_rank_2, scale_of_rank_2),
    ],
    ids=["plain", "rslora", "patterns of rank and alpha"],
)
def test_its_logits_are_those_of_the_merged_model(
    tiny: Path, tmp_path: Path, change: Change, scale: Callable[[str], float]
) -> None:
    adapter = adapter_with(tiny, tmp_path / "adapter", change)
    expected = merged(tiny, adapter, scale)
    assert mx.allclose(adapted(tiny, adapter), expected, rtol=1e-4, atol=1e-4).item()
    loaded, _ = load_model(tiny)
    assert not mx.allclose(loaded(PROMPT), expected, rtol=1e-2, atol=1e-2).item()


def test_a_quantized_model_is_adapted_without_rounding_the_matrices(tiny: Path, tmp_path: Path) -> None:
    adapter = adapter_with(tiny, tmp_path / "adapter")
    quantized, _ = load_model(tiny)
    nn.quantize(quantized, group_size=32, bits=4)
    same, _ = load_model(tiny)
    weights = [
        (f"{name}.weight", mx.dequantize(layer.weight, layer.scales, layer.biases, group_size=32, bits=4))
        for name, layer in quantized.named_modules()
        if isinstance(layer, nn.QuantizedLinear | nn.QuantizedEmbedding)
    ]
    same.load_weights(weights, strict=False)
    for model in (quantized, same):
        apply_adapter(model, adapter)
    assert mx.allclose(quantized(PROMPT), same(PROMPT), rtol=1e-3, atol=1e-3).item()


def test_a_pipeline_answers_as_with_the_same_matrices_in_mlx_lms_format(
    tiny: Path, tmp_path: Path, group: RunnerGroup
) -> None:
    make_tiny_adapter(tmp_path / "peft", tiny, layers=4, seed=3, peft=True)
    make_tiny_adapter(tmp_path / "mlx", tiny, layers=4, seed=3)
    group.ready(tiny, "Pipeline", **told(tmp_path / "peft"))
    answer, _ = group.first.answer("together", text="hello", maxTokens=24)
    assert answer == by_mlx_lm(tiny, tmp_path / "mlx", "hello", 24)


def setting(name: str, value: Any) -> Change:
    return lambda config, _weights: config.update({name: value})


def renamed(before: str, after: str) -> Change:
    def change(_config: dict[str, Any], weights: dict[str, mx.array]) -> None:
        for name in [name for name in weights if before in name]:
            weights[name.replace(before, after)] = weights.pop(name)

    return change


def without_a(_config: dict[str, Any], weights: dict[str, mx.array]) -> None:
    del weights[next(name for name in weights if "lora_A" in name)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (setting("peft_type", "LOHA"), "peft_type is LOHA"),
        (setting("use_dora", True), "use_dora is not supported"),
        (setting("modules_to_save", ["lm_head"]), "modules_to_save is not supported"),
        (setting("bias", "all"), "bias is all, expected none"),
        (setting("init_lora_weights", "pissa"), "init_lora_weights is pissa"),
        (setting("invented_later", {"x": 1}), "invented_later is not supported"),
        (setting("r", None), "r is no positive number"),
        (setting("r", 8), "has a lora_A of the shape"),
        (setting("rank_pattern", {"(a+)+b": 2}), "rank_pattern has the entry"),
        (renamed("lora_A", "lora_embedding_A"), "is no LoRA matrix of a linear layer"),
        (renamed("layers.3.", "layers.9."), "model.layers.9.mlp.down_proj has no place in it"),
        (renamed("mlp.up_proj", "input_layernorm"), "is a RMSNorm in it"),
        (without_a, "has no lora_A"),
    ],
)
def test_what_cannot_be_applied_exactly_is_refused_by_name(
    tiny: Path, tmp_path: Path, change: Change, said: str
) -> None:
    adapter = adapter_with(tiny, tmp_path / "adapter", change)
    loaded, _ = load_model(tiny, lazy=True)
    with pytest.raises(Unsupported, match=said):
        apply_adapter(loaded, adapter)


def test_a_missing_file_is_named(tiny: Path, tmp_path: Path) -> None:
    adapter = adapter_with(tiny, tmp_path / "adapter")
    (tmp_path / "adapter" / WEIGHTS).unlink()
    loaded, _ = load_model(tiny, lazy=True)
    with pytest.raises(ModelFileError, match=r"adapter_model\.safetensors is missing"):
        apply_adapter(loaded, adapter)
