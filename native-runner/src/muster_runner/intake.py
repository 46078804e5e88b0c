"""Turns requests into tokens before they reach the engine.

This runs in the commands' thread: a long prompt is tokenised while the others go on being answered, and nothing that
is wrong with a request ever gets near the batch.
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from muster_runner.chat_template import TemplateError
from muster_runner.protocol import ChatPrompt, EmbedPrompt, GenerationRequest, TextPrompt
from muster_runner.tokenizer import Tokenizer


class Rejected(Exception):
    """A request that cannot be served; ``code`` is the protocol's name for the reason, the message is for people."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@contextmanager
def refused_alone(what: str) -> Iterator[None]:
    """Turns whatever goes wrong with one request into its refusal: nothing that a request brings ends the runner."""
    try:
        yield
    except Rejected:
        raise
    except Exception as error:
        traceback.print_exc()
        raise Rejected("invalid_request", f"{what}: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Prepared:
    """A request the engine can take. ``limit``: most tokens to generate; ``received``: monotonic seconds."""

    request: GenerationRequest
    tokens: list[int]
    limit: int
    received: float


class Intake:
    """``context_length``: most tokens of prompt and answer together."""

    def __init__(self, tokenizer: Tokenizer, context_length: int):
        self._tokenizer = tokenizer
        self._context = context_length

    def prepare(self, request: GenerationRequest) -> Prepared:
        """Raises Rejected."""
        received = time.monotonic()
        with refused_alone("its prompt cannot be turned into tokens"):
            try:
                match request.prompt:
                    case ChatPrompt():
                        tokens = self._tokenizer.encode_chat(request.prompt)
                    case TextPrompt(text=text):
                        tokens = self._tokenizer.encode(text)
                    case EmbedPrompt():
                        raise Rejected("unsupported", "this model answers; it makes no embeddings")
            except TemplateError as error:
                raise Rejected("invalid_request", str(error)) from error
        if not tokens:
            raise Rejected("invalid_request", "the prompt is empty")
        return Prepared(request, tokens, self._limit(request, len(tokens)), received)

    def _limit(self, request: GenerationRequest, prompt: int) -> int:
        room = self._context - prompt
        if room < 1:
            raise Rejected(
                "context_length_exceeded",
                f"the prompt has {prompt} tokens, and the model's context holds {self._context}; shorten it",
            )
        return min(request.max_tokens or room, room)
