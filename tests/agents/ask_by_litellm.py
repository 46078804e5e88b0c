"""use: python ask_by_litellm.py URL MODEL: one model through the three APIs that LiteLLM knows."""

import sys

import litellm
import openai

url, model = sys.argv[1:]
HELLO = [{"role": "user", "content": "hello"}]
READ = {
    "type": "function",
    "function": {"name": "read", "parameters": {"type": "object", "properties": {"file": {"type": "string"}}}},
}

for provider, path in (("openai", "/v1"), ("anthropic", ""), ("ollama_chat", "")):
    given = {"api_base": url + path, "api_key": "none", "messages": HELLO, "max_tokens": 100, "max_retries": 0}
    asked = {"model": f"{provider}/{model}", **given}
    assert litellm.completion(**asked).choices[0].message.content == "Noted.", provider
    streamed = [chunk.choices[0].delta.content or "" for chunk in litellm.completion(**asked, stream=True)]
    assert "".join(streamed) == "Noted.", provider
    choice = litellm.completion(**asked, tools=[READ]).choices[0]
    assert choice.finish_reason == "tool_calls", provider
    assert choice.message.tool_calls[0].function.name == "read", provider
    try:
        litellm.completion(**{**given, "model": f"{provider}/nobody"})
    except openai.APIError as error:
        assert "nobody" in str(error), provider
    else:
        raise AssertionError(f"{provider}: no refusal")

print("all is as it should be")
