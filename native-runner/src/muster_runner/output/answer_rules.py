"""Builds the output parser and the constraints of a model's answers."""

from muster_runner.output.answer_format import PLAIN, answer_format
from muster_runner.output.call_grammars import begins_with_call, call_grammar, callable_tools
from muster_runner.output.channels import Channels, channels, opens_thought
from muster_runner.output.constraints import Constraint, ThoughtLimit, Vocabulary
from muster_runner.output.grammars import BadFormat, bad_format, format_grammar
from muster_runner.output.harmony_grammars import harmony_grammar
from muster_runner.protocol import ChatPrompt, GenerationRequest
from muster_runner.tokenization.tokenizer import Tokenizer

# Tokens at the end of the prompt that are checked for an opened reasoning block.
PROMPT_END_TOKENS = 16


class AnswerRules:
    """The rules of one model. Thread-safe, except ``channels``, which is for the engine's thread.

    ``vocabulary``: None if no answer is constrained, as in a warm-up.
    """

    def __init__(self, tokenizer: Tokenizer, vocabulary: Vocabulary | None):
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._form = answer_format(tokenizer)

    def channels(self, request: GenerationRequest, prompt: list[int]) -> Channels:
        """Builds the parser of an answer. In the continuation of a plain text, marks have no meaning."""
        asked = request.prompt
        if not isinstance(asked, ChatPrompt):
            return channels(PLAIN, self._tokenizer.stream(), [], thinking=False)
        return channels(
            self._form,
            self._tokenizer.stream(),
            callable_tools(asked),
            thinking=opens_thought(self._form, self._end_of(prompt)),
            held=begins_with_call(asked, self._form.tool),
        )

    def grammar(self, request: GenerationRequest) -> str | None:
        """Returns the grammar of the answer, not compiled. It applies after a reasoning block that the prompt has
        opened. Raises BadFormat."""
        try:
            grammar = self._grammar(request)
        except Exception as error:  # schemas are arbitrary JSON
            raise bad_format(error) from error
        if grammar is not None and self._vocabulary is None:
            raise BadFormat("answers of this model cannot be constrained to a format or to a choice of tools")
        return grammar

    def _grammar(self, request: GenerationRequest) -> str | None:
        prompt = request.prompt
        if not isinstance(prompt, ChatPrompt):
            return format_grammar(request)
        if self._form.harmony:
            return harmony_grammar(request, {mark: token for token, mark in self._form.tokens.items()})
        return call_grammar(prompt, self._form.tool, self._special()) or format_grammar(request)

    def constraint(self, request: GenerationRequest, prompt: list[int], grammar: str | None) -> Constraint | None:
        """Builds the constraint of an answer: its ``grammar``, and the request's limit of reasoning tokens. Raises
        BadFormat."""
        asked = request.prompt
        thinking = isinstance(asked, ChatPrompt) and opens_thought(self._form, self._end_of(prompt))
        marks = self._thought_marks()
        held: Constraint | None = None
        if grammar is not None and self._vocabulary is not None:
            held = self._vocabulary.constraint(grammar, begins_after=marks[1] if thinking and marks else None)
        limit = asked.reasoning.max_tokens if isinstance(asked, ChatPrompt) and asked.reasoning else None
        if marks is None or limit is None:
            return held
        return ThoughtLimit(marks, begun=thinking, left=limit, beside=held)

    def _special(self) -> dict[str, int]:
        special, _ = self._tokenizer.added_tokens()
        return {text: number for text in special if (number := self._tokenizer.token_number(text)) is not None}

    def _end_of(self, prompt: list[int]) -> str:
        return self._tokenizer.decode(prompt[-PROMPT_END_TOKENS:])

    def _thought_marks(self) -> tuple[int, int] | None:
        """Returns the start and end token of reasoning, if both marks are single tokens."""
        numbers = {mark: token for token, mark in self._form.tokens.items()}
        if self._form.think is None or any(mark not in numbers for mark in self._form.think):
            return None
        start, end = self._form.think
        return numbers[start], numbers[end]
