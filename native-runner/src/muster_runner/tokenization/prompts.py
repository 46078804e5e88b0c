"""Tokenizes prompts: chat template, escaping of control tokens, and a length check before the expensive part."""

from pathlib import Path
from typing import Any

from muster_runner.model.model_files import ModelFileError
from muster_runner.protocol import ChatPrompt, TextPrompt, TokensPrompt
from muster_runner.tokenization.chat_template import NoTemplate, TemplateError
from muster_runner.tokenization.control_tokens import ControlTokens, controls_of
from muster_runner.tokenization.conversation import GREETING, render_conversation
from muster_runner.tokenization.tokenizer import Tokenizer, load_tokenizer

# A text with fewer characters per token of the context is tokenized at once: that costs no more than a prompt that
# fits. Longer texts are counted in pieces first, and refused once there are too many tokens.
CHARACTERS_PER_TOKEN = 4
PIECE_CHARACTERS = 1 << 16
# Upper bound of the extra tokens that cutting a text at a piece's borders can cause.
PIECE_SLACK = 64


class TooLong(Exception):
    """The prompt exceeds the context; the message is for people."""


class UnknownToken(Exception):
    """The prompt has a token id outside the model's vocabulary; the message is for people."""


class Prompts:
    """Encodes prompts for one model. Not thread-safe."""

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        self._vocabulary = tokenizer.vocabulary_size()
        special, others = tokenizer.added_tokens()
        self._controls = ControlTokens(special, controls_of(special, others, tokenizer.template_source()))
        self._marker = tokenizer.add_token(self._controls.marker)

    def encode(self, prompt: ChatPrompt | TextPrompt | TokensPrompt, context: int) -> list[int]:
        """Returns the prompt's tokens. ``context``: token limit. Control tokens in a plain text keep their meaning:
        its client writes the whole prompt. Raises TemplateError, TooLong and UnknownToken."""
        match prompt:
            case ChatPrompt():
                return self.tokens(self.text(prompt, context))
            case TextPrompt(text=text):
                self._check_length(text, context)
                return self._tokenizer.encode(text, templated=False)
            case TokensPrompt(tokens=tokens):
                if unknown := next((token for token in tokens if token >= self._vocabulary), None):
                    raise UnknownToken(
                        f"the prompt has the token {unknown}, and the vocabulary has {self._vocabulary} tokens: "
                        "use the model's own tokenizer, or send text"
                    )
                return tokens

    def text(self, prompt: ChatPrompt, context: int) -> str:
        """Renders a conversation for ``tokens``, with a marker inside control tokens that the client wrote.

        Raises TemplateError and TooLong.
        """
        source = self._tokenizer.template_source()
        text = render_conversation(prompt, self._tokenizer.render, self._controls, source=source)
        self._check_length(text, context)
        return text

    def tokens(self, text: str) -> list[int]:
        tokens = self._tokenizer.encode(text, templated=True)
        return [token for token in tokens if token != self._marker] if self._controls.marker in text else tokens

    def _check_length(self, text: str, context: int) -> None:
        if len(text) <= CHARACTERS_PER_TOKEN * context:
            return
        at_least = 0
        for at in range(0, len(text), PIECE_CHARACTERS):
            piece = text[at : at + PIECE_CHARACTERS]
            at_least += max(0, len(self._tokenizer.encode(piece, templated=True)) - PIECE_SLACK)
            if at_least > context:
                raise TooLong(
                    f"the prompt has {len(text)} characters, which are more tokens than the model's context holds "
                    f"({context}); shorten it"
                )


def check_conversations(directory: Path, model_config: dict[str, Any]) -> None:
    """Tries the tokenizer and the chat template, if there is one, on a plain conversation. Raises ModelFileError.

    The template is a program that came with the model and may never end: call this under a time limit.
    """
    tokenizer = load_tokenizer(directory, model_config)
    try:
        tokens = Prompts(tokenizer).encode(GREETING, context=1 << 20)
    except NoTemplate:
        return
    except TemplateError as error:
        # What a template says by itself may be a single word.
        said = str(error)
        refusal = said if "chat template" in said else f"the model's chat template refuses a plain conversation: {said}"
        raise ModelFileError(refusal, "unsupported") from error
    if not tokens:
        raise ModelFileError("the model's chat template makes nothing of a conversation", "unsupported")
