"""``python -m muster_runner.model.make_tiny_adapter OUT --model DIR``: a LoRA adapter with random weights, for tests.

It is built and saved as by mlx-lm's training, or with ``--peft`` in the format of PEFT. The same seed gives the same
matrices in both.
"""

import argparse
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.deferred import import_mlx_lm
from muster_runner.model.adapters import CONFIG, PEFT_WEIGHTS, WEIGHTS
from muster_runner.model.model_directory import write_json

PARAMETERS = {"rank": 4, "scale": 10.0, "dropout": 0.1}


def make_tiny_adapter(
    out: Path, model: Path, layers: int = 2, seed: int = 0, dora: bool = False, peft: bool = False
) -> None:
    """Writes the adapter's directory. ``layers``: how many of the model's last layers it changes. ``peft``: in the
    format of PEFT."""
    import_mlx_lm()
    from mlx_lm.tuner.utils import linear_to_lora_layers
    from mlx_lm.utils import load_model

    mx.random.seed(seed)
    base, _ = load_model(model)
    base.freeze()
    linear_to_lora_layers(base, layers, PARAMETERS, use_dora=dora)
    # lora_b of an untrained adapter is zero, which would change nothing.
    weights = {
        name: mx.random.normal(value.shape) * 0.2 if name.endswith("lora_b") else value
        for name, value in tree_flatten(base.trainable_parameters())
    }
    out.mkdir(parents=True, exist_ok=True)
    if peft:
        _write_peft(out, weights)
        return
    mx.save_safetensors(str(out / WEIGHTS), weights)
    kind = "dora" if dora else "lora"
    # Written last: a folder counts as an adapter once it has its configuration.
    write_json(
        out / CONFIG,
        {"fine_tune_type": kind, "num_layers": layers, "lora_parameters": PARAMETERS, "model": "muster/tiny"},
    )


def _write_peft(out: Path, weights: dict[str, mx.array]) -> None:
    matrices = {
        f"base_model.model.{module}.lora_{side[-1].upper()}.weight": mx.contiguous(value.T)
        for name, value in weights.items()
        for module, _, side in [name.rpartition(".")]
    }
    mx.save_safetensors(str(out / PEFT_WEIGHTS), matrices, {"format": "pt"})
    # The fields that PEFT writes, with its defaults.
    config = {
        **dict.fromkeys(("auto_mapping", "modules_to_save", "layers_to_transform", "layer_replication", "revision")),
        **{"alpha_pattern": {}, "rank_pattern": {}, "loftq_config": {}, "megatron_core": "megatron.core"},
        **dict.fromkeys(("fan_in_fan_out", "lora_bias", "use_dora", "use_qalora", "use_rslora"), False),
        **{"bias": "none", "inference_mode": True, "init_lora_weights": True, "qalora_group_size": 16},
        **{"peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "muster/tiny"},
        "target_modules": sorted({name.split(".")[-2] for name in weights}),
        "r": PARAMETERS["rank"],
        "lora_alpha": PARAMETERS["scale"] * PARAMETERS["rank"],
        "lora_dropout": PARAMETERS["dropout"],
    }
    write_json(out / CONFIG, config)


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.model.make_tiny_adapter", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peft", action="store_true")
    arguments = parser.parse_args()
    make_tiny_adapter(arguments.out, arguments.model, seed=arguments.seed, peft=arguments.peft)


if __name__ == "__main__":
    main()
