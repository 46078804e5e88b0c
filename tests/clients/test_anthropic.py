"""Anthropic's own client for Python."""

import json

import pytest
from anthropic import Anthropic, BadRequestError, NotFoundError

from conftest import PNG, Node

HELLO = [{"role": "user", "content": "hello"}]
# The tiny model writes at random: only what leaves it no choice comes to an end.
DAY = {
    "type": "object",
    "properties": {"day": {"enum": ["today"]}},
    "required": ["day"],
    "additionalProperties": False,
}
TOOL = {"name": "get_weather", "input_schema": DAY}


@pytest.fixture
def client(node: Node) -> Anthropic:
    return Anthropic(base_url=node.url, api_key="none", max_retries=0)


def test_lists_models(node: Node, client: Anthropic):
    assert {model.id for model in client.models.list()} >= {node.model, node.alias}


def test_streams_the_message_that_comes_whole(node: Node, client: Anthropic):
    request = {"model": node.alias, "messages": HELLO, "max_tokens": 12}
    sampling = {"extra_body": {"temperature": 0}}
    whole = client.messages.create(**request, **sampling)
    with client.messages.stream(**request, **sampling) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert [text] == [block.text for block in whole.content] == [block.text for block in final.content]
    assert (final.stop_reason, final.usage.output_tokens) == ("max_tokens", 12)
    assert client.messages.count_tokens(model=node.model, messages=HELLO).input_tokens > 0


def test_gets_a_tool_called_and_gives_its_result(node: Node, client: Anthropic):
    request = {"model": node.model, "max_tokens": 200, "tools": [TOOL]}
    called = client.messages.create(**request, messages=HELLO, tool_choice={"type": "any"})
    use = called.content[0]
    assert (called.stop_reason, use.name, use.input) == ("tool_use", "get_weather", {"day": "today"})
    with client.messages.stream(**request, messages=HELLO, tool_choice={"type": "any"}) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        assert stream.get_final_message().content[0].input == use.input == json.loads("".join(pieces))
    assert len(pieces) > 2
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "sunny"}
    messages = [*HELLO, {"role": "assistant", "content": called.content}, {"role": "user", "content": [result]}]
    assert client.messages.create(**request, messages=messages, tool_choice={"type": "none"}).content[0].text


def test_shows_pictures(node: Node, client: Anthropic):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    messages = [{"role": "user", "content": [image, {"type": "text", "text": "What is it?"}]}]
    assert client.messages.create(model=node.seeing, messages=messages, max_tokens=4).content[0].text
    count = client.messages.count_tokens(model=node.seeing, messages=messages).input_tokens
    assert count > client.messages.count_tokens(model=node.seeing, messages=HELLO).input_tokens


def test_raises_its_own_errors(node: Node, client: Anthropic):
    with pytest.raises(NotFoundError, match="nobody/nothing"):
        client.messages.create(model="nobody/nothing", messages=HELLO, max_tokens=4)
    with pytest.raises(BadRequestError, match="max_tokens"):
        client.messages.create(model=node.model, messages=HELLO, max_tokens=0)
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [image]}
    called = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    messages = [*HELLO, {"role": "assistant", "content": [called]}, {"role": "user", "content": [result]}]
    with pytest.raises(BadRequestError, match="reads text only"):
        client.messages.create(model=node.model, messages=messages, max_tokens=4)
