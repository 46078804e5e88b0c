"""The tiny model with the marks of a family: tokens around reasoning and tool calls."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

MARKS = ("<tool_call>", "</tool_call>", "<think>", "</think>")


def make_marked(tiny: Path, out: Path, *, special: bool, marks: Sequence[str] = MARKS) -> dict[str, int]:
    """Returns the token id of each mark. Marks replace bytes that never occur in UTF-8: at most seven are possible."""
    shutil.copytree(tiny, out)
    tokenizer = json.loads((out / "tokenizer.json").read_text())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    # The byte-level alphabet's characters for bytes 0xF5 to 0xFB.
    bytes_of_none = range(0xFC - len(marks), 0xFC)
    numbers = {mark: vocabulary.pop(chr(byte)) for mark, byte in zip(marks, bytes_of_none, strict=True)}
    vocabulary.update(numbers)
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    tokenizer["added_tokens"] += [
        {"id": number, "content": mark, "special": special, **flags} for mark, number in numbers.items()
    ]
    (out / "tokenizer.json").write_text(json.dumps(tokenizer))
    config = json.loads((out / "tokenizer_config.json").read_text())
    config["chat_template"] += (
        "{% if enable_thinking %}<think>{% elif false %}<tool_call></tool_call></think>{% endif %}"
    )
    (out / "tokenizer_config.json").write_text(json.dumps(config))
    return numbers
