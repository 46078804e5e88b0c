"""Writes model directories in the layout that mlx-lm reads."""

import json
import shutil
from collections.abc import Iterator, Sequence
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
        "added_tokens": [_added(token, content, special=content not in written) for token, content in added],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split_first, level]} if split_first else level,
        "decoder": level,
        "model": _bpe(vocabulary, merges),
    }


# GGUF's kinds of tokens.
_CONTROL, _USER_DEFINED = 3, 4


def sentencepiece_tokenizer(
    tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int], *, unknown: str, begin: str
) -> dict[str, Any]:
    """Builds a tokenizer.json for a SentencePiece vocabulary of the kind BPE with fallback to bytes, where every text
    starts with ``begin``. ``kinds``: GGUF's."""
    vocabulary = {text: token for token, text in enumerate(tokens)}
    added = [
        _added(token, text, special=kind == _CONTROL)
        for token, (text, kind) in enumerate(zip(tokens, kinds, strict=True))
        if kind in (_CONTROL, _USER_DEFINED)
    ]
    begins = {"SpecialToken": {"id": begin, "type_id": 0}}
    template = {
        "type": "TemplateProcessing",
        "single": [begins, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [begins, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {begin: {"id": begin, "ids": [vocabulary[begin]], "tokens": [begin]}},
    }
    space = "▁"
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": space},
        "post_processor": template,
        "added_tokens": added,
        "pre_tokenizer": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": space}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": _bpe(vocabulary, _merges(vocabulary, scores), unknown=unknown),
    }


def _merges(vocabulary: dict[str, int], scores: Sequence[float]) -> list[list[str]]:
    """Returns the pairs of tokens that make a token, those of the best score first: the order in which SentencePiece
    merges them."""
    found = []
    for text, token in vocabulary.items():
        for at in range(1, len(text)):
            left, right = vocabulary.get(text[:at]), vocabulary.get(text[at:])
            if left is not None and right is not None:
                found.append((-scores[token], left, right, [text[:at], text[at:]]))
    return [pair for *_, pair in sorted(found)]


def _added(token: int, content: str, *, special: bool) -> dict[str, Any]:
    sides = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": token, "content": content, **sides, "special": special}


def _bpe(vocabulary: dict[str, int], merges: list[list[str]], unknown: str | None = None) -> dict[str, Any]:
    """``unknown``: the token for what the vocabulary lacks, which is first tried as bytes."""
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": unknown is not None,
        "byte_fallback": unknown is not None,
        "vocab": vocabulary,
        "merges": merges,
    }
