"""``python -m muster_runner.vision.make_tiny OUT``: a tiny vision model with random weights, for tests.

As with ``make_tiny``, its vocabulary is bytes and a few special tokens, and the same seed gives the same weights. Its
output depends on the pictures, without meaning.
"""

import argparse
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.deferred import import_mlx_lm
from muster_runner.model.byte_vocabulary import byte_vocabulary, letters_only, write_byte_tokenizer
from muster_runner.model.model_directory import write_json, write_weights
from muster_runner.vision.kind import PROCESSORS
from muster_runner.vision.library import family
from muster_runner.vision.tiny_families import CONTEXT, tiny_family

DEVIATION = 0.2
# The rows of the first that a model has give the logits.
HEADS = ("language_model.lm_head.weight", "language_model.model.embed_tokens.weight")
# Not 0 where the rows are embeddings too.
SMALL = 0.02
TEMPLATE = (
    "{%% for message in messages %%}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{%% if message['content'] is string %%}{{ message['content'] }}"
    "{%% else %%}{%% for part in message['content'] %%}"
    "{%% if part['type'] == 'image' %%}{{ '%s' }}{%% else %%}{{ part['text'] }}{%% endif %%}{%% endfor %%}{%% endif %%}"
    "{{ '<|im_end|>\n' }}{%% endfor %%}{%% if add_generation_prompt %%}{{ '<|im_start|>assistant\n' }}{%% endif %%}"
)


def make_tiny(out: Path, kind: str = "qwen2_vl", seed: int = 0) -> None:
    """Writes the model directory. ``kind``: an architecture of ``architectures.json``."""
    import_mlx_lm()
    tiny = tiny_family(kind)
    vocabulary = byte_vocabulary(tiny.special)
    config = tiny.config(vocabulary)
    config |= {"model_type": kind, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32"}
    out.mkdir(parents=True, exist_ok=True)
    write_weights(out, _weights(kind, config, letters_only(vocabulary), seed))
    write_byte_tokenizer(out, vocabulary, tiny.special, CONTEXT, TEMPLATE % tiny.mark, **tiny.tokenizer)
    for name, content in tiny.files.items():
        write_json(out / name, content)
    # Written last: a folder counts as a model once it has config.json.
    write_json(out / "config.json", config)


def _weights(kind: str, config: dict[str, Any], letters: mx.array, seed: int) -> dict[str, mx.array]:
    module = family(kind)
    arguments = module.ModelConfig.from_dict(dict(config))
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(config.get("text_config", config))
    mx.random.seed(seed)
    weights = {}
    for name, value in tree_flatten(module.Model(arguments).parameters()):
        if value.ndim > 1:
            value = mx.random.normal(value.shape) * DEVIATION
        elif "bias" in name:
            value = mx.zeros_like(value)
        weights[name] = value
    # Small rows except for lower-case letters and the space, so that output is readable.
    head = next(name for name in HEADS if name in weights)
    weights[head] = weights[head] * mx.where(letters, 1, 0 if head == HEADS[0] else SMALL)[:, None]
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.vision.make_tiny", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--arch", default="qwen2_vl", choices=sorted(PROCESSORS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make_tiny(arguments.out, arguments.arch, arguments.seed)


if __name__ == "__main__":
    main()
