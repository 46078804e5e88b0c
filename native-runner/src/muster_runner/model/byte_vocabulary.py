"""The vocabulary and tokenizer files of the tiny test models: special tokens, then the 256 bytes."""

from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.model.model_directory import byte_level_tokenizer, write_json
from muster_runner.tokenization.tokenizer import BYTE_CHARACTERS


def byte_vocabulary(special: list[str]) -> dict[str, int]:
    """Returns the token id of each text."""
    texts = [*special, *sorted(BYTE_CHARACTERS, key=BYTE_CHARACTERS.__getitem__)]
    return {text: token for token, text in enumerate(texts)}


def letters_only(vocabulary: dict[str, int]) -> mx.array:
    """1 for lower-case letters and the space (a G with a dot above in the vocabulary), 0 for every other token."""
    return mx.array(
        [len(text) == 1 and ((text.islower() and text.isascii()) or text == "\u0120") for text in vocabulary]
    )


def write_byte_tokenizer(
    out: Path, vocabulary: dict[str, int], special: list[str], context: int, template: str, **more: Any
) -> None:
    """Writes the tokenizer's files. ``special``: unknown, begin, end and padding come first. ``more``: further entries
    of tokenizer_config.json."""
    write_json(
        out / "tokenizer.json", byte_level_tokenizer(vocabulary, list(enumerate(special)), [], split_words=False)
    )
    write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": context,
            "clean_up_tokenization_spaces": False,
            "bos_token": special[1],
            "eos_token": special[2],
            "pad_token": special[3],
            "unk_token": special[0],
            "chat_template": template,
            **more,
        },
    )
