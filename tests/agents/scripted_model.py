"""use: python scripted_model.py REAL OUT: a model with the tokenizer and template of REAL and hardly any weights.

It reads tens of thousands of tokens in a second. What it says makes sense only with scripted_runner.py."""

import shutil
import sys
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten
from muster_runner.deferred import import_mlx_lm
from muster_runner.model.model_directory import write_json, write_weights
from muster_runner.model.model_files import read_config, read_json

SIZES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
    "head_dim": 16,
}
CONTEXT = 131_072


def main(real: Path, out: Path) -> None:
    import_mlx_lm()
    from mlx_lm.utils import _get_classes

    out.mkdir(parents=True)
    for name in ("tokenizer.json", "generation_config.json"):
        shutil.copy(real / name, out)
    tokenizer = read_json(real / "tokenizer_config.json") | {"model_max_length": CONTEXT}
    write_json(out / "tokenizer_config.json", tokenizer)
    config = read_config(real) | SIZES | {"max_position_embeddings": CONTEXT}
    model_class, arguments = _get_classes(config)
    mx.random.seed(0)
    write_weights(out, dict(tree_flatten(model_class(arguments.from_dict(config)).parameters())))
    write_json(out / "config.json", config)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
