"""What a model's answers are sorted by, and what they can be held to."""

from muster_runner.answer_format import PLAIN, AnswerFormat, answer_format
from muster_runner.channels import Channels, channels, opens_thought
from muster_runner.constraints import BadFormat, Constraint, Vocabulary, grammar_of
from muster_runner.protocol import ChatPrompt, GenerationRequest
from muster_runner.tokenizer import Tokenizer

# Enough to see whether the template opens the model's thought.
PROMPT_END_TOKENS = 16


class AnswerRules:
    """For one model. Thread-safe, but for ``channels``, which belongs to the engine's thread.

    ``vocabulary``: None where no answer is held to anything, as in a warm-up.
    """

    def __init__(self, tokenizer: Tokenizer, vocabulary: Vocabulary | None):
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._form = answer_format(tokenizer)

    def channels(self, request: GenerationRequest, prompt: list[int]) -> Channels:
        """Sorts the answer to a prompt. Plain text is continued as it is: marks in it mean nothing."""
        asked = request.prompt
        if not isinstance(asked, ChatPrompt):
            return channels(PLAIN, self._tokenizer.stream(), [], thinking=False)
        hidden = asked.tool_choice is not None and asked.tool_choice.kind == "none"
        thinking = opens_thought(self._form, self._end_of(prompt))
        return channels(self._form, self._tokenizer.stream(), [] if hidden else asked.tools, thinking)

    def constraint(self, request: GenerationRequest, prompt: list[int]) -> Constraint | None:
        """What the request holds the answer to, once a thought is over that the prompt has begun. Raises BadFormat."""
        if (grammar := grammar_of(request)) is None:
            return None
        if self._vocabulary is None:
            raise BadFormat("answers of this model cannot be held to a format or to a choice of tools")
        thinking = isinstance(request.prompt, ChatPrompt) and opens_thought(self._form, self._end_of(prompt))
        return self._vocabulary.constraint(grammar, begins_after=self._end_of_thought() if thinking else None)

    def _end_of(self, prompt: list[int]) -> str:
        return self._tokenizer.decode(prompt[-PROMPT_END_TOKENS:])

    def _end_of_thought(self) -> int | None:
        form: AnswerFormat = self._form
        return next((token for token, mark in form.tokens.items() if form.think and mark == form.think[1]), None)
