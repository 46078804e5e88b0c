"""use: python ask_by_llama_index.py URL MODEL: a model through LlamaIndex's class for services like OpenAI's."""

import sys

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

url, model = sys.argv[1:]
HELLO = [ChatMessage(role="user", content="hello")]


def read(file: str) -> str:
    """Reads a file."""
    return file


llm = OpenAILike(
    model=model,
    api_base=f"{url}/v1",
    api_key="none",
    is_chat_model=True,
    is_function_calling_model=True,
    context_window=16_384,
    max_retries=0,
)
assert llm.chat(HELLO).message.content == "Noted."
assert "".join(part.delta or "" for part in llm.stream_chat(HELLO)) == "Noted."
calls = llm.get_tool_calls_from_response(llm.chat_with_tools([FunctionTool.from_defaults(fn=read)], user_msg="hello"))
assert [(call.tool_name, call.tool_kwargs) for call in calls] == [("read", {"file": "note.txt"})]

print("all is as it should be")
