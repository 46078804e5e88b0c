"""The incremental JSON parser."""

import json
from random import Random
from typing import Any

import pytest

from muster_runner.output.json_text import MAX_DEPTH, JsonText


def passed_on(text: str, random: Random | None = None) -> tuple[str, JsonText]:
    value, told = JsonText(), ""
    while text:
        size = random.randint(1, 5) if random else len(text)
        told += value.add(text[:size])[0]
        text = text[size:]
    return told, value


def any_value(random: Random, depth: int = 0) -> Any:
    match random.randrange(4 if depth > 3 else 6):
        case 0:
            return random.choice([True, False, None])
        case 1:
            return random.choice([0, -1, 1.5, -2.25e-7, 10**20])
        case 2 | 3:
            return "".join(random.choice('a "\\/\n\t\x01é厨😀{}[],:') for _ in range(random.randrange(8)))
        case 4:
            return [any_value(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            return {str(any_value(random, 9)): any_value(random, depth + 1) for _ in range(random.randrange(4))}


@pytest.mark.parametrize("seed", range(40))
def test_valid_json_is_emitted_unchanged_and_any_prefix_can_be_completed(seed: int) -> None:
    random = Random(seed)
    text = json.dumps([any_value(random)], ensure_ascii=seed % 2 == 0, indent=random.choice([None, 2]))
    told, value = passed_on(text, random)
    assert (told, value.done, value.completion()) == (text, True, "")
    for length in range(len(text) + 1):
        told, value = passed_on(text[:length], random)
        assert text.startswith(told)
        json.loads(told + value.completion())


@pytest.mark.parametrize("seed", range(200))
def test_emitted_text_can_be_completed_for_any_input(seed: int) -> None:
    random = Random(seed)
    pieces = [
        *"{}[],:x",
        "{",
        "}",
        "[",
        "]",
        '"',
        ",",
        ":",
        "\\",
        "u",
        "d83d",
        "\\ude00",
        "1",
        "-",
        ".",
        "e",
        "true",
        "nul",
        "\n",
        "x",
    ]
    text = "{" + "".join(random.choice(pieces) for _ in range(60))
    told, value = passed_on(text, random)
    json.loads(told + value.completion()).keys()
    (told + value.completion()).encode()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{"a": "x\ny"}', '{"a": "x\\ny"}'),
        (r'{"a": "\d+\."}', r'{"a": "\\d+\\."}'),
        (r'{"a": "\u12"}', r'{"a": "\\u12"}'),
        (r'{"a": "\ud83d!"}', r'{"a": "\ufffd!"}'),
        (r'{"a": "\ude00"}', r'{"a": "\ufffd"}'),
        (r'{"a": "\ud83d\ud83d\ude00"}', r'{"a": "\ufffd\ud83d\ude00"}'),
        ('{"a": [1, 2, ], }', '{"a": [1, 2 ] }'),
    ],
)
def test_common_errors_of_models_are_repaired(written: str, told: str) -> None:
    text, value = passed_on(written)
    assert (text, value.done) == (told, True)
    json.loads(text)


def test_text_after_the_value_is_returned() -> None:
    assert JsonText().add('{"a": 1} and more') == ('{"a": 1}', " and more")


@pytest.mark.parametrize("depth", [10, MAX_DEPTH, 1_000, 100_000])
def test_too_deep_nesting_is_broken_but_can_be_completed(depth: int) -> None:
    told, value = passed_on("[" * depth)
    assert value.broken == (depth > MAX_DEPTH)
    json.loads(told + value.completion())
