"""The pipe protocol: runner and supervisor are tested with the same example files (vitest reads them too)."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from muster_runner import protocol
from muster_runner.protocol import ProtocolError, parse_command

EXAMPLES = Path(__file__).resolve().parents[2] / "src-core" / "protocols" / "examples" / "runner"
SCHEMA = Path(protocol.__file__).with_name("protocol.schema.json")


def examples(file: str) -> list[Any]:
    return [
        pytest.param(example["frame"], example["valid"], id=example["name"])
        for example in json.loads((EXAMPLES / file).read_text(encoding="utf-8"))
    ]


def matches_schema(frame: dict[str, Any], kind: str) -> bool:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{kind}"}).is_valid(frame)


@pytest.mark.parametrize(("frame", "valid"), examples("commands.json"))
def test_commands_are_accepted_or_refused_as_by_the_schema(frame: dict[str, Any], valid: bool) -> None:
    assert matches_schema(frame, "command") == valid
    if valid:
        parse_command(frame)
    else:
        with pytest.raises(ProtocolError):
            parse_command(frame)


@pytest.mark.parametrize(("frame", "valid"), examples("events.json"))
def test_a_runners_events_match_the_schema(frame: dict[str, Any], valid: bool) -> None:
    assert matches_schema(frame, "event") == valid
