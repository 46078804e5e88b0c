"""OpenAI's own client for Python."""

import json
import os
import signal

import pytest
from openai import APIError, BadRequestError, NotFoundError, OpenAI
from pydantic import BaseModel

from conftest import PNG, Node

HELLO = [{"role": "user", "content": "hello"}]
# The tiny model writes at random: only what leaves it no choice comes to an end.
DAY = {
    "type": "object",
    "properties": {"day": {"enum": ["today"]}},
    "required": ["day"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": DAY}}


@pytest.fixture
def client(node: Node) -> OpenAI:
    return OpenAI(base_url=f"{node.url}/v1", api_key="none", max_retries=0)


def test_lists_and_finds_models(node: Node, client: OpenAI):
    assert {model.id for model in client.models.list()} >= {node.model, node.alias, node.encoder}
    assert client.models.retrieve(node.model).id == node.model
    assert client.models.retrieve(node.alias).id == node.alias


def test_streams_the_answer_that_comes_whole(node: Node, client: OpenAI):
    request = {"model": node.alias, "messages": HELLO, "temperature": 0, "max_tokens": 12}
    whole = client.chat.completions.create(**request)
    chunks = list(client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}))
    assert whole.choices[0].finish_reason == "length"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens == 12


def test_completes_a_prompt_and_answers_as_a_response(node: Node, client: OpenAI):
    completion = client.completions.create(model=node.model, prompt="hello", max_tokens=4, temperature=0)
    tokens = client.completions.create(model=node.model, prompt=[[5, 6, 7], [5, 6, 7]], max_tokens=4, temperature=0)
    assert [tokens.choices[0].text, tokens.usage.prompt_tokens] == [tokens.choices[1].text, 6]
    with pytest.raises(BadRequestError, match="vocabulary"):
        client.completions.create(model=node.model, prompt=[5, 10**6], max_tokens=4)
    assert completion.choices[0].text
    response = client.responses.create(model=node.model, input="hello", max_output_tokens=16, temperature=0)
    assert (response.output_text != "", response.incomplete_details.reason) == (True, "max_output_tokens")
    again = client.responses.create(
        model=node.model, input="more", previous_response_id=response.id, max_output_tokens=16
    )
    assert again.usage.input_tokens > response.usage.input_tokens
    listed = client.responses.input_items.list(response.id)
    assert [item.content[0].text for item in listed.data] == ["hello"]
    assert len(client.responses.input_items.list(again.id, limit=2).data) == 2
    client.responses.delete(again.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(again.id)
    with client.responses.stream(model=node.model, input="hello", max_output_tokens=16, temperature=0) as stream:
        events = list(stream)
    assert (events[0].type, events[-1].type) == ("response.created", "response.incomplete")
    assert events[-1].response.output_text == response.output_text


def test_gets_a_tool_called_whole_and_streamed(node: Node, client: OpenAI):
    request = {"model": node.model, "messages": HELLO, "tools": [TOOL], "tool_choice": "required", "temperature": 0}
    call = client.chat.completions.create(**request).choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"day": "today"})
    with client.chat.completions.stream(**request) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.message.tool_calls[0].function.arguments == call.function.arguments
    assert streamed.finish_reason == "tool_calls"


def test_hears_arguments_while_they_are_written_as_a_chat_and_as_a_response(node: Node, client: OpenAI):
    request = {"model": node.model, "messages": HELLO, "tools": [TOOL], "tool_choice": "required", "temperature": 0}
    with client.chat.completions.stream(**request) as stream:
        pieces = [event.arguments_delta for event in stream if event.type == "tool_calls.function.arguments.delta"]
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert "".join(pieces) == call.function.arguments
    assert len([piece for piece in pieces if piece]) > 2
    tool = {"type": "function", **TOOL["function"], "strict": False}
    asked = {"model": node.model, "input": "hello", "tools": [tool], "tool_choice": "required", "temperature": 0}
    with client.responses.stream(**asked) as stream:
        events = list(stream)
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == events[-1].response.output[0].arguments == call.function.arguments
    assert len(deltas) > 2


def test_gets_a_call_that_the_limit_cuts_as_a_call(node: Node, client: OpenAI):
    request = {"model": node.model, "messages": HELLO, "tools": [TOOL], "tool_choice": "required", "temperature": 0}
    cut = client.chat.completions.create(**request, max_tokens=45, stop=['"']).choices[0]
    assert (cut.finish_reason, cut.message.content) == ("length", None)
    assert cut.message.tool_calls[0].function.name == "get_weather"


def test_parses_an_answer_into_a_class(node: Node, client: OpenAI):
    class Answer(BaseModel):
        agreed: bool

    parsed = client.chat.completions.parse(model=node.model, messages=HELLO, response_format=Answer, temperature=0)
    assert isinstance(parsed.choices[0].message.parsed, Answer)


def test_gets_embeddings_in_both_encodings(node: Node, client: OpenAI):
    request = {"model": node.encoder, "input": ["a heron", "a stone"]}
    packed = client.embeddings.create(**request)
    plain = client.embeddings.create(**request, encoding_format="float")
    assert [entry.index for entry in packed.data] == [0, 1]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    with pytest.raises(BadRequestError, match="embedding"):
        client.embeddings.create(model=node.model, input="a heron")


def test_raises_its_own_errors(node: Node, client: OpenAI):
    with pytest.raises(NotFoundError, match="nobody/nothing"):
        client.chat.completions.create(model="nobody/nothing", messages=HELLO)
    with pytest.raises(NotFoundError):
        client.models.retrieve("nobody/nothing")
    with pytest.raises(BadRequestError, match="temperature") as raised:
        client.chat.completions.create(model=node.model, messages=HELLO, temperature=99)
    assert raised.value.param == "temperature"
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    with pytest.raises(BadRequestError, match="reads text only"):
        client.chat.completions.create(model=node.model, messages=[{"role": "user", "content": [image]}])


def test_shows_pictures(node: Node, client: OpenAI):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    content = [image, {"type": "text", "text": "What is it?"}]
    request = {"model": node.seeing, "messages": [{"role": "user", "content": content}], "temperature": 0}
    whole = client.chat.completions.create(**request, max_tokens=8)
    chunks = client.chat.completions.create(**request, max_tokens=8, stream=True)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == whole.choices[0].message.content != ""


def test_raises_what_breaks_a_stream(node: Node, client: OpenAI):
    # Its greedy text never ends by itself.
    request = {"model": node.model, "messages": HELLO, "temperature": 0, "max_tokens": 1500}
    chunks = iter(client.chat.completions.create(**request, stream=True))
    while not next(chunks).choices[0].delta.content:
        pass
    for pid in node.runner_pids(node.model):
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(APIError, match="SIGKILL"):
        list(chunks)
    node.wait_until_ready()
