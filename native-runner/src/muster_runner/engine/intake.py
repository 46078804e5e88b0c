"""Validates and prepares requests for the engine. Prompts are tokenized in separate processes (encoding.py), so that a
long one delays neither the engine nor the heartbeat, and an invalid request never reaches the batch."""

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from muster_runner.failures import shortened
from muster_runner.output.answer_rules import AnswerRules
from muster_runner.output.constraints import Constraint
from muster_runner.output.grammars import BadFormat
from muster_runner.protocol import ChatPrompt, EmbedPrompt, GenerationRequest, Prompt, has_images
from muster_runner.tokenization.encoder_messages import Encoded, Lists, Order, Pictured, Refusal
from muster_runner.tokenization.encoding import Encoding

Ready = TypeVar("Ready")

NO_EMBEDDINGS = (
    "this model writes text and makes no embeddings; declare an embedding model, such as bge-m3 or Qwen3-Embedding, "
    "and ask that one"
)

NO_PICTURES = "this model reads text only: leave the image out, or say in words what it shows"
SHARED_OUT = (
    "this model is shared out over several machines and reads text only there: declare it on one machine for images, "
    "or leave the image out"
)

IN_8_BITS = (
    "this model keeps its context in 8 bits, which pictures with positions of their own do not allow: declare it "
    "without kvBits for images, or leave the image out"
)


def _has_pictures(prompt: Prompt) -> bool:
    return isinstance(prompt, ChatPrompt) and has_images(prompt)


class Rejected(Exception):
    """A refused request; ``code`` is the protocol's error code, the message is for people."""

    def __init__(self, code: str, message: str):
        super().__init__(shortened(message))
        self.code = code


@contextmanager
def refused_alone(what: str) -> Iterator[None]:
    """Turns any exception into the refusal of one request: no request may end the runner."""
    try:
        yield
    except Rejected:
        raise
    except BadFormat as error:
        raise Rejected("invalid_request", str(error)) from error
    except Exception as error:
        traceback.print_exc()
        raise Rejected("invalid_request", f"{what}: {type(error).__name__}: {error}") from error


def check_tokens(what: str, tokens: Iterable[int], vocabulary_size: int, ignored: int | None = None) -> None:
    """Raises Rejected if a token has no embedding: a tokenizer may have got tokens that the model was never given, and
    mlx would read whatever lies behind the embeddings in memory. ``ignored``: a token that may be without one."""
    if unknown := next((token for token in tokens if token >= vocabulary_size and token != ignored), None):
        raise Rejected(
            "invalid_request",
            f"{what} has the token {unknown}, which was added to the tokenizer and not to the model: it has "
            f"{vocabulary_size} tokens. Leave the text of that token out",
        )


@dataclass(frozen=True)
class Prepared:
    """A prepared request. ``limit``: maximum tokens to generate; ``received``: monotonic seconds; ``pictured``: the
    encoded pictures, if any."""

    request: GenerationRequest
    tokens: list[int]
    limit: int
    received: float
    constraint: Constraint | None = None
    pictured: Pictured | None = None

    @property
    def prompt_tokens(self) -> int:
        return len(self.tokens)


class Intake(Generic[Ready]):
    """``context_length``: maximum tokens of prompt and answer together, or of one input. ``deliver`` is called in
    another thread for each request that was not cancelled, with the prepared request or its refusal."""

    def __init__(
        self,
        encoding: Encoding,
        context_length: int,
        deliver: Callable[[GenerationRequest, Ready | Rejected], None],
    ):
        self._encoding = encoding
        self._context = context_length
        self._deliver = deliver
        self._lock = threading.Lock()
        # By task id; the ticket distinguishes a request from an earlier one with the same id.
        self._waiting: dict[str, object] = {}

    def take(self, request: GenerationRequest) -> None:
        """Starts to prepare a request. Raises Rejected."""
        received = time.monotonic()
        task_id, prompt = request.task_id, request.prompt
        with refused_alone("its output format cannot be used"):
            grammar = self._grammar(request)
        ticket = object()

        def wanted() -> bool:
            return self._waiting.get(task_id) is ticket

        def done(result: Encoded) -> None:
            # Outside the lock: it may take long, and ``take`` and ``cancel`` wait for the lock.
            outcome = self._outcome(request, result, grammar, received)
            with self._lock:
                if wanted():
                    del self._waiting[task_id]
                    self._deliver(request, outcome)

        with self._lock:
            if task_id in self._waiting:
                raise Rejected("invalid_request", f"the task {task_id} is already running")
            self._waiting[task_id] = ticket
        try:
            with refused_alone("its prompt cannot be read"):
                self._encoding.put(Order(prompt, self._context, grammar, _has_pictures(prompt)), wanted, done)
        except Rejected:
            self.cancel(task_id)
            raise

    def cancel(self, task_id: str) -> bool:
        """Drops a request that is still being prepared. Returns whether it was."""
        with self._lock:
            return self._waiting.pop(task_id, None) is not None

    def _outcome(
        self, request: GenerationRequest, result: Encoded, grammar: str | None, received: float
    ) -> Ready | Rejected:
        if isinstance(result, Refusal):
            return Rejected(result.code, result.message)
        try:
            with refused_alone("it cannot be prepared"):
                return self._prepared(request, result, grammar, received)
        except Rejected as error:
            return error

    def _grammar(self, request: GenerationRequest) -> str | None:
        """Returns the grammar of the answer. Raises BadFormat, and Rejected for what this model does not support."""
        raise NotImplementedError

    def _prepared(
        self, request: GenerationRequest, result: list[int] | Lists | Pictured, grammar: str | None, received: float
    ) -> Ready:
        """Builds the prepared request. Raises BadFormat and Rejected."""
        raise NotImplementedError


class AnswerIntake(Intake[Prepared]):
    """The intake of a generative model. ``vocabulary_size``: tokens that both the model and its tokenizer have;
    ``answers``: the rules of its answers; ``no_pictures``: the refusal of pictures, None if the model reads them."""

    def __init__(
        self,
        encoding: Encoding,
        context_length: int,
        vocabulary_size: int,
        answers: AnswerRules,
        deliver: Callable[[GenerationRequest, Prepared | Rejected], None],
        no_pictures: str | None = NO_PICTURES,
    ):
        super().__init__(encoding, context_length, deliver)
        self._vocabulary_size, self._answers, self._no_pictures = vocabulary_size, answers, no_pictures

    def _grammar(self, request: GenerationRequest) -> str | None:
        if isinstance(request.prompt, EmbedPrompt):
            raise Rejected("unsupported", NO_EMBEDDINGS)
        if self._no_pictures is not None and _has_pictures(request.prompt):
            raise Rejected("unsupported", self._no_pictures)
        self._check_bias(request)
        return self._answers.grammar(request)

    def _check_bias(self, request: GenerationRequest) -> None:
        biased = max(map(int, request.sampling.logit_bias or {}), default=0)
        if biased and biased >= self._vocabulary_size:
            raise Rejected(
                "invalid_request",
                f"logit_bias has the token {biased}, and the vocabulary has {self._vocabulary_size} tokens: use the "
                "model's own tokenizer",
            )

    def _prepared(
        self, request: GenerationRequest, result: list[int] | Lists | Pictured, grammar: str | None, received: float
    ) -> Prepared:
        assert not isinstance(result, Lists)
        pictured = result if isinstance(result, Pictured) else None
        tokens = result.tokens if isinstance(result, Pictured) else result
        if not tokens:
            raise Rejected("invalid_request", "the prompt is empty")
        # In the place of a picture's vectors, whatever the model embeds there is not used.
        check_tokens("the prompt", tokens, self._vocabulary_size, ignored=pictured.token if pictured else None)
        room = self._context - len(tokens)
        if room < 1:
            raise Rejected(
                "context_length_exceeded",
                f"the prompt has {len(tokens)} tokens, and the model's context holds {self._context}; shorten it",
            )
        constraint = self._answers.constraint(request, tokens, grammar)
        return Prepared(request, tokens, min(request.max_tokens or room, room), received, constraint, pictured)
