"""Incremental detokenizers: the text is that of all tokens together, and each token costs the same."""

import json
import random
from pathlib import Path

import pytest

from muster_runner.model.model_directory import sentencepiece_tokenizer
from muster_runner.tokenization.text_stream import MAX_HELD, DecodingStream
from muster_runner.tokenization.tokenizer import FastTokenizer

WORDS = ["<s>", "▁", "▁the", "▁a", "sh", "ip", "é", "…", "▁ж", "\n", ".", "▁▁"]
BYTES = len(WORDS)
KINDS = [3, *[1] * (len(WORDS) - 1), *[6] * 256]


@pytest.fixture
def tokenizer(tmp_path: Path) -> FastTokenizer:
    """A vocabulary of the kind of Llama 2 and Gemma: words after a space, and bytes for other characters."""
    tokens = [*WORDS, *(f"<0x{byte:02X}>" for byte in range(256))]
    scores = [-float(at) for at in range(len(tokens))]
    content = sentencepiece_tokenizer(tokens, scores, KINDS, unknown="<s>", begin="<s>")
    content["decoder"]["decoders"].append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    return FastTokenizer(tmp_path, {})


def streamed(tokenizer: FastTokenizer, tokens: list[int]) -> str:
    stream = tokenizer.stream()
    return "".join(stream.add(token) for token in tokens)


def in_bytes(text: str) -> list[int]:
    return [BYTES + byte for byte in text.encode()]


def test_the_text_of_tokens_one_by_one_is_that_of_all_together(tokenizer: FastTokenizer) -> None:
    draws = random.Random(4)
    for _ in range(300):
        tokens: list[int] = []
        for _ in range(draws.randrange(1, 30)):
            characters = draws.choice(["🚢", "𝄞é", "ß", "x", "日本"])
            tokens += in_bytes(characters) if draws.random() < 0.4 else [draws.randrange(len(WORDS))]
        # A special token, which has no text, and one that only the model has.
        tokens.insert(draws.randrange(len(tokens)), draws.choice([0, 1 << 20]))
        whole = tokenizer._tokenizer.decode(tokens, skip_special_tokens=True)
        assert streamed(tokenizer, tokens) == whole, tokens


def test_bytes_that_never_make_a_character_come_as_text_and_are_not_decoded_again_and_again(
    tokenizer: FastTokenizer,
) -> None:
    decoded: list[int] = []

    def decode(tokens: list[int]) -> str:
        decoded.append(len(tokens))
        return tokenizer._tokenizer.decode(tokens, skip_special_tokens=True)

    broken = [BYTES + 0xE2] * 500
    # A request that ignores end tokens may get one after the other.
    assert streamed(tokenizer, [*broken, *[0] * 500, 2, *in_bytes("é"), 2]).endswith("� theé the")
    stream = DecodingStream(decode, frozenset())
    assert set("".join(stream.add(token) for token in broken)) == {"�"}
    stream = DecodingStream(decode, frozenset())
    assert "".join(stream.add(token) for token in [2, *[1 << 20] * 500, 2]) == "the the"
    assert max(decoded) <= 2 * (MAX_HELD + 1)
