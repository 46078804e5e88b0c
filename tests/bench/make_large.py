"""``python make_large.py OUT LAYERS HIDDEN``: a llama of random weights in 4 bits, in the shape of real ones.

It writes letters, as the tiny model does whose tokenizer it has, so that every token shows in a stream.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes

from muster_runner.model.make_tiny import make_tiny

HEAD_DIM = 128


def main() -> None:
    out, layers, hidden = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny"
        make_tiny(tiny, "llama", 1, 64, 0)
        config = json.loads((tiny / "config.json").read_text())
        letters = mx.any(
            mx.load(str(next(tiny.glob("*.safetensors"))))["lm_head.weight"] != 0,
            axis=1,
        )
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tiny / name, out / name)
    heads = max(1, hidden // HEAD_DIM)
    config |= {
        "hidden_size": hidden,
        "intermediate_size": hidden * 7 // 2,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": max(1, heads // 4),
        "head_dim": HEAD_DIM,
        "max_position_embeddings": 131072,
        "torch_dtype": "bfloat16",
    }
    mx.random.seed(0)
    make, arguments = _get_classes(config)
    model = make(arguments.from_dict(config))
    model.set_dtype(mx.bfloat16)
    model.lm_head.weight = model.lm_head.weight * letters[:, None].astype(mx.bfloat16)
    nn.quantize(model, group_size=64, bits=4)
    config["quantization"] = {"group_size": 64, "bits": 4}
    mx.save_safetensors(
        str(out / "model.safetensors"),
        dict(tree_flatten(model.parameters())),
        {"format": "mlx"},
    )
    # Last: a folder with a configuration is a model.
    (out / "config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()
