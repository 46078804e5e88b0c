"""LangChain's chat model for services that speak OpenAI's API."""

from typing import Literal

import pytest
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import NotFoundError

from conftest import Node


@tool
def get_weather(day: Literal["today"]) -> str:
    """The weather of a day."""
    return f"{day}: sunny"


def chat(node: Node, **more) -> ChatOpenAI:
    given = {"model": node.model, "temperature": 0, "max_tokens": 12, "max_retries": 0, **more}
    return ChatOpenAI(base_url=f"{node.url}/v1", api_key="none", **given)


def test_streams_the_answer_that_comes_whole(node: Node):
    whole = chat(node).invoke("hello")
    assert whole.content == "".join(chunk.content for chunk in chat(node).stream("hello"))
    assert whole.usage_metadata["output_tokens"] == 12


def test_gets_a_tool_called(node: Node):
    bound = chat(node, max_tokens=200).bind_tools([get_weather], tool_choice="get_weather", strict=True)
    call = bound.invoke("hello").tool_calls[0]
    assert (call["name"], call["args"]) == ("get_weather", {"day": "today"})
    assert get_weather.invoke(call).content.endswith("sunny")


def test_gets_embeddings_of_texts(node: Node):
    embeddings = OpenAIEmbeddings(
        model=node.encoder, base_url=f"{node.url}/v1", api_key="none", check_embedding_ctx_length=False
    )
    assert len(embeddings.embed_documents(["a heron", "a stone"])[1]) == len(embeddings.embed_query("a heron")) > 0


def test_raises_the_error_of_its_client(node: Node):
    with pytest.raises(NotFoundError):
        chat(node, model="nobody/nothing").invoke("hello")
