"""What a runner may send: its events by the schema, in which nothing may be that the schema does not name.

A node ignores fields that it does not know, so that newer runners can add some. Here runner and schema are of one
version, and such a field is a slip.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from muster_runner import protocol

# The shapes of frames that were checked.
_CHECKED: set[Any] = set()
SCHEMA = json.loads(Path(protocol.__file__).with_name("protocol.schema.json").read_text(encoding="utf-8"))


def check_event(frame: dict[str, Any]) -> None:
    """Raises AssertionError with the field for an event that the schema does not have like this."""
    kind = frame.get("type")
    # There is one for each token, which would take longer to check than to make.
    shape = _shape(frame) if kind == "tokens" else None
    if shape in _CHECKED:
        return
    assert kind in _validators(), f"no event has the type {kind!r}: {frame}"
    if error := best_match(_validators()[kind].iter_errors(frame)):
        raise AssertionError(f"the event {kind} at {error.json_path}: {error.message}")
    if shape is not None:
        _CHECKED.add(shape)


def _shape(value: Any) -> Any:
    """Returns the same for frames that differ in their texts and in the size of their numbers only."""
    match value:
        case dict():
            return tuple((key, each if key == "channel" else _shape(each)) for key, each in value.items())
        case list():
            return frozenset(map(_shape, value))
        case int() | float():
            return type(value), value < 0
    return type(value)


@cache
def _validators() -> dict[str, Draft202012Validator]:
    """Returns the validators by type of event."""
    events = SCHEMA["$defs"]["event"]["oneOf"]
    return {event["properties"]["type"]["const"]: Draft202012Validator(_closed(event)) for event in events}


def _closed(schema: Any) -> Any:
    """Returns a schema whose objects have no other fields than those that it names."""
    if isinstance(schema, list):
        return [_closed(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **closed} if isinstance(schema.get("properties"), dict) else closed
