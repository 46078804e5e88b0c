"""``python -m muster_runner.model.make_tiny_adapter OUT --model DIR``: a LoRA adapter with random weights, for tests.

It is built and saved as by mlx-lm's training. The same seed gives the same weights.
"""

import argparse
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.deferred import import_mlx_lm
from muster_runner.model.adapters import CONFIG, WEIGHTS
from muster_runner.model.model_directory import write_json

PARAMETERS = {"rank": 4, "scale": 10.0, "dropout": 0.1}


def make_tiny_adapter(out: Path, model: Path, layers: int = 2, seed: int = 0, dora: bool = False) -> None:
    """Writes the adapter's directory. ``layers``: how many of the model's last layers it changes."""
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
    mx.save_safetensors(str(out / WEIGHTS), weights)
    kind = "dora" if dora else "lora"
    # Written last: a folder counts as an adapter once it has its configuration.
    write_json(
        out / CONFIG,
        {"fine_tune_type": kind, "num_layers": layers, "lora_parameters": PARAMETERS, "model": "muster/tiny"},
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.model.make_tiny_adapter", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make_tiny_adapter(arguments.out, arguments.model, seed=arguments.seed)


if __name__ == "__main__":
    main()
