"""Writes model directories in the layout that mlx-lm reads."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx


def write_weights(directory: Path, weights: dict[str, mx.array]) -> None:
    """Writes model.safetensors and its index, which sharded loading needs."""
    mx.save_safetensors(str(directory / "model.safetensors"), weights, metadata={"format": "mlx"})
    index = {
        "metadata": {"total_size": sum(value.nbytes for value in weights.values())},
        "weight_map": {name: "model.safetensors" for name in sorted(weights)},
    }
    write_json(directory / "model.safetensors.index.json", index)


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Yields a temporary folder that is renamed to ``out`` if the block succeeds, and removed if it fails."""
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


DIGITS_APART = {"type": "Digits", "individual_digits": True}


def byte_level_tokenizer(
    vocabulary: dict[str, int],
    added: list[tuple[int, str]],
    merges: list[list[str]],
    *,
    split_first: dict[str, Any] | None = None,
    split_words: bool,
    normalizer: dict[str, Any] | None = None,
    written: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Builds a tokenizer.json for a byte-level BPE vocabulary.

    ``added``: added tokens, all special except those in ``written``. ``split_first``: a pre-tokenizer that runs before
    the byte mapping. ``split_words``: split by GPT-2's regular expression.
    """
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": split_words}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": normalizer,
        "post_processor": None,
        "added_tokens": [
            {
                "id": token,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": content not in written,
            }
            for token, content in added
        ],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split_first, level]} if split_first else level,
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
