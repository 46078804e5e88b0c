"""Tokenizes the inputs of an embedding request, in the tokenizing process."""

from pathlib import Path
from typing import Any

from muster_runner.embedding.recipe import Recipe
from muster_runner.model.end_tokens import read_optional, token_text
from muster_runner.protocol import EmbedPrompt
from muster_runner.tokenization.tokenizer import Tokenizer


class BadInput(Exception):
    """An input that cannot be embedded. ``code``: the protocol's code of the reason; the message is for people."""

    def __init__(self, message: str, code: str = "invalid_request"):
        super().__init__(message)
        self.code = code


class InputTokenizer:
    """Tokenizes inputs for one model. Not thread-safe. ``vocabulary``: the highest token id plus one."""

    def __init__(self, tokenizer: Tokenizer, recipe: Recipe, directory: Path, vocabulary: int):
        self._tokenizer, self._recipe, self._vocabulary = tokenizer, recipe, vocabulary
        # Llama tokenizers append the end token by a setting of tokenizer_config.json, not of tokenizer.json.
        config: dict[str, Any] = read_optional(directory, "tokenizer_config.json")
        end = token_text(config.get("eos_token")) if config.get("add_eos_token") is True else None
        self._end = tokenizer.token_number(end) if end is not None else None

    def encode(self, prompt: EmbedPrompt, limit: int) -> list[list[int]]:
        """Returns the tokens of each input. ``limit``: maximum tokens per input. Raises BadInput naming the input."""
        prefix = self._prefix(prompt.prompt_name)
        return [self._encode(at, given, prefix, prompt.truncate, limit) for at, given in enumerate(prompt.inputs)]

    def _prefix(self, name: str | None) -> str:
        if name is None:
            return ""
        prompts = self._recipe.prompts or {}
        if name not in prompts:
            known = f"it has {', '.join(sorted(prompts))}" if prompts else "it has none"
            raise BadInput(f"the model has no prompt with the name {name!r}: {known}")
        if not self._recipe.pools_prompt:
            raise BadInput("this model leaves its prompts out of the average, which is not supported", "unsupported")
        return prompts[name]

    def _encode(self, at: int, given: str | list[int], prefix: str, truncate: bool, limit: int) -> list[int]:
        if isinstance(given, str):
            tokens = self._tokens(prefix + given, limit if truncate else None)
            if not tokens:
                raise BadInput(f"input[{at}] is empty")
        elif prefix:
            raise BadInput(f"input[{at}] is given as tokens, which no prompt can be put before; send text")
        else:
            tokens = given[:limit] if truncate else given
            if wrong := [token for token in tokens if token >= self._vocabulary]:
                raise BadInput(
                    f"input[{at}] has the token {wrong[0]}, and the model's vocabulary ends at {self._vocabulary - 1}: "
                    "tokens of another model mean nothing here; send text"
                )
        if len(tokens) > limit:
            raise BadInput(
                f"input[{at}] has {len(tokens)} tokens, and the model takes {limit}; shorten it",
                "context_length_exceeded",
            )
        return tokens

    def _tokens(self, text: str, limit: int | None) -> list[int]:
        if self._recipe.lower_case:
            text = text.lower()
        if self._end is None:
            return self._tokenizer.encode_within(text, limit)
        tokens = self._tokenizer.encode_within(text, limit)
        if not tokens or tokens[-1] == self._end:
            return tokens
        return [*(tokens if limit is None else tokens[: limit - 1]), self._end]
