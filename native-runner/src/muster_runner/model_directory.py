"""Writes model directories in the layout that mlx-lm reads."""

import json
from pathlib import Path
from typing import Any

import mlx.core as mx


def write_weights(directory: Path, weights: dict[str, mx.array]) -> None:
    """model.safetensors and its index, which sharded loading needs."""
    mx.save_safetensors(str(directory / "model.safetensors"), weights, metadata={"format": "mlx"})
    index = {
        "metadata": {"total_size": sum(value.nbytes for value in weights.values())},
        "weight_map": {name: "model.safetensors" for name in sorted(weights)},
    }
    write_json(directory / "model.safetensors.index.json", index)


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def byte_level_tokenizer(
    vocabulary: dict[str, int],
    special: list[tuple[int, str]],
    merges: list[list[str]],
    *,
    digits_apart: bool,
    split_words: bool,
) -> dict[str, Any]:
    """A tokenizer.json for a byte-level BPE vocabulary."""
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": split_words}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": None,
        "post_processor": None,
        "added_tokens": [
            {
                "id": token,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token, content in special
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, level]} if digits_apart else level,
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": vocabulary,
            "merges": merges,
        },
    }
