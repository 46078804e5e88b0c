"""Ollama's own client for Python."""

import pytest
from ollama import Client, ResponseError

from conftest import PNG, Node

HELLO = [{"role": "user", "content": "hello"}]
SHORT = {"temperature": 0, "num_predict": 12}


@pytest.fixture
def client(node: Node) -> Client:
    return Client(host=node.url)


def test_lists_and_shows_models(node: Node, client: Client):
    assert node.model in [model.model for model in client.list().models]
    assert "completion" in client.show(node.alias).capabilities


def test_streams_the_answer_that_comes_whole(node: Node, client: Client):
    whole = client.chat(model=node.alias, messages=HELLO, options=SHORT)
    parts = list(client.chat(model=node.alias, messages=HELLO, options=SHORT, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content != ""
    assert (parts[-1].done_reason, parts[-1].eval_count) == ("length", 12)
    assert client.generate(model=node.model, prompt="hello", options=SHORT).response


def test_gets_embeddings(node: Node, client: Client):
    first, second = client.embed(model=node.encoder, input=["a heron", "a stone"]).embeddings
    assert len(first) == len(second) > 0
    assert client.embed(model=node.encoder, input="a heron").embeddings[0] == pytest.approx(first, abs=1e-5)


def test_shows_pictures(node: Node, client: Client):
    messages = [{"role": "user", "content": "What is it?", "images": [PNG]}]
    assert client.chat(model=node.seeing, messages=messages, options={"num_predict": 4}).message.content
    assert "vision" in client.show(node.seeing).capabilities


def test_raises_its_own_errors(node: Node, client: Client):
    with pytest.raises(ResponseError, match="nobody/nothing") as raised:
        client.chat(model="nobody/nothing", messages=HELLO)
    assert raised.value.status_code == 404
    with pytest.raises(ResponseError, match="reads text only"):
        client.chat(model=node.model, messages=[{"role": "user", "content": "what?", "images": [PNG]}])
