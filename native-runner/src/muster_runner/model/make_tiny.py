"""``python -m muster_runner.model.make_tiny OUT``: a tiny model with random weights, for tests that need a real model.

Its vocabulary is 256 bytes and four special tokens; its weights are less than a megabyte. The same seed gives the same
weights. Greedy output is lower-case letters and spaces, and never ends by itself.
"""

import argparse
from pathlib import Path

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.deferred import import_mlx_lm
from muster_runner.model.byte_vocabulary import byte_vocabulary, letters_only, write_byte_tokenizer
from muster_runner.model.model_directory import write_json, write_weights

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CONTEXT = 2048
DEVIATION = 0.2


def make_tiny(out: Path, architecture: str = "qwen2", layers: int = 4, hidden: int = 64, seed: int = 0) -> None:
    """Writes the model directory. qwen2 supports both pipeline and tensor sharding."""
    import_mlx_lm()
    from mlx_lm.utils import _get_classes

    heads, kv_heads = 4, 2
    vocabulary = byte_vocabulary(SPECIAL)
    config = {
        "model_type": architecture,
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": hidden // heads,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "vocab_size": len(vocabulary),
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }
    out.mkdir(parents=True, exist_ok=True)
    mx.random.seed(seed)
    model_class, arguments = _get_classes(config)
    weights = {}
    for name, value in tree_flatten(model_class(arguments.from_dict(config)).parameters()):
        if value.ndim > 1:
            value = mx.random.normal(value.shape) * DEVIATION
        elif "bias" in name:
            value = mx.zeros_like(value)
        weights[name] = value
    # Only letters and the space can be generated.
    weights["lm_head.weight"] = weights["lm_head.weight"] * letters_only(vocabulary)[:, None]
    write_weights(out, weights)
    write_byte_tokenizer(out, vocabulary, SPECIAL, CONTEXT, TEMPLATE)
    # Written last: a folder counts as a model once it has config.json.
    write_json(out / "config.json", config)


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.model.make_tiny", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--arch", default="qwen2", choices=["qwen2", "llama", "qwen3"])
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make_tiny(arguments.out, arguments.arch, arguments.layers, arguments.hidden, arguments.seed)


if __name__ == "__main__":
    main()
