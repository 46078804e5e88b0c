"""Chat templates and end tokens from a model's folder, in all forms of files."""

import json
from pathlib import Path
from typing import Any

import pytest

from muster_runner.model.model_files import BYTE_ORDER_MARK, ModelFileError, read_config
from muster_runner.protocol import TextPrompt
from muster_runner.tokenization.chat_template import TemplateError
from muster_runner.tokenization.conversation import GREETING
from muster_runner.tokenization.prompts import Prompts, check_conversations
from muster_runner.tokenization.tokenizer import FastTokenizer

CONTEXT = 1000
JSON_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json")


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """The text files of the tiny model, to be changed."""
    for name in JSON_FILES:
        (tmp_path / name).write_bytes((tiny / name).read_bytes())
    return tmp_path


def change(path: Path, **fields: Any) -> None:
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**content, **fields}))


def template_of(folder: Path) -> str:
    return json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]


def tokenizer(folder: Path) -> FastTokenizer:
    return FastTokenizer(folder, read_config(folder))


def test_a_byte_order_mark_is_no_part_of_any_file(folder: Path) -> None:
    expected = Prompts(tokenizer(folder)).encode(GREETING, CONTEXT)
    source = template_of(folder)
    change(folder / "tokenizer_config.json", chat_template=None)
    for name, content in [(name, (folder / name).read_bytes()) for name in JSON_FILES]:
        (folder / name).write_bytes(BYTE_ORDER_MARK + content)
    (folder / "chat_template.jinja").write_bytes(BYTE_ORDER_MARK + source.encode())
    assert Prompts(tokenizer(folder)).encode(GREETING, CONTEXT) == expected
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_bytes(BYTE_ORDER_MARK + json.dumps({"chat_template": source}).encode())
    assert Prompts(tokenizer(folder)).encode(GREETING, CONTEXT) == expected


@pytest.mark.parametrize("names", [["default", "tool_use"], ["rag", "default"], ["tool_use"]])
def test_of_several_templates_the_default_or_the_only_one_is_used(folder: Path, names: list[str]) -> None:
    source = template_of(folder)
    chosen = "default" if "default" in names else names[0]
    templates = [{"name": name, "template": source if name == chosen else "other"} for name in names]
    expected = Prompts(tokenizer(folder)).encode(GREETING, CONTEXT)
    change(folder / "tokenizer_config.json", chat_template=templates)
    assert Prompts(tokenizer(folder)).encode(GREETING, CONTEXT) == expected


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ([{"name": "rag", "template": "a"}, {"name": "tool_use", "template": "b"}], "rag, tool_use"),
        ("{% for x in %}", "template fails"),
        ("{{ raise_exception('never') }}", "never"),
        ("{{ messages[7].content.strip() }}", "template fails"),
        ("", "makes nothing"),
    ],
)
def test_an_unusable_template_is_detected_before_any_request(folder: Path, template: Any, says: str) -> None:
    change(folder / "tokenizer_config.json", chat_template=template)
    with pytest.raises(ModelFileError, match=says):
        check_conversations(folder, read_config(folder))


def test_a_model_without_a_template_loads_and_refuses_conversations(folder: Path) -> None:
    change(folder / "tokenizer_config.json", chat_template=None)
    check_conversations(folder, read_config(folder))
    with pytest.raises(TemplateError, match="no chat template"):
        Prompts(tokenizer(folder)).encode(GREETING, CONTEXT)
    assert Prompts(tokenizer(folder)).encode(TextPrompt(text="abc"), CONTEXT)


def test_a_template_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "chat_template.jinja").write_bytes(b"\xe9")
    with pytest.raises(ModelFileError, match=r"chat_template\.jinja is damaged"):
        check_conversations(folder, read_config(folder))


def test_end_tokens_are_the_union_of_all_files(folder: Path) -> None:
    change(folder / "config.json", eos_token_id=[5, 6], text_config={"eos_token_id": 7})
    change(folder / "generation_config.json", eos_token_id=[8, "9"])
    change(folder / "tokenizer_config.json", eos_token={"content": "<|pad|>"}, eos_token_id=10)
    assert tokenizer(folder).eos_token_ids == {3, 5, 6, 7, 8, 9, 10}


def test_invalid_end_tokens_are_ignored(folder: Path) -> None:
    change(folder / "config.json", eos_token_id=None, text_config=None)
    (folder / "generation_config.json").write_text('{"eos_token_id": [-1, true, "no", null, 2.5, "%s"]}' % ("9" * 5000))
    change(folder / "tokenizer_config.json", eos_token="in no vocabulary")
    assert tokenizer(folder).eos_token_ids == frozenset()


def test_a_token_with_a_number_that_no_vocabulary_reaches_is_found_before_lists_are_made_of_it(folder: Path) -> None:
    content = json.loads((folder / "tokenizer.json").read_text())
    content["model"]["vocab"]["far away"] = 4_000_000_000
    (folder / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ModelFileError, match="tokens have numbers up to 4000000000"):
        check_conversations(folder, read_config(folder))
