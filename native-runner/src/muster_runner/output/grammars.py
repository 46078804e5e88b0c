"""Grammars of constrained answers, compiled by llguidance.

A grammar is untrusted: a few dozen characters can take hours and all memory to compile. So each is first compiled in
the encoder process, which may be killed (``encoder.py``). Nothing here imports mlx.
"""

import re
from typing import Any

from muster_runner.protocol import GenerationRequest, GrammarFormat, JsonFormat, JsonSchemaFormat

ANY_OBJECT: dict[str, Any] = {"type": "object"}
# One space, or a new line with indentation: with unlimited white space models tend to write it without end.
JSON_OPTIONS = {"whitespace_flexible": True, "whitespace_pattern": "( |\\n {0,16})?"}
BYTES = 256
# Limit for error messages of the library, which may contain the whole grammar.
REASON_LENGTH = 500
# Regular expressions that a grammar cannot express: look-around, word boundaries and back-references. The API names the
# same ones to the client (src-main/api/answering/schema-keywords.ts).
_INEXPRESSIBLE = re.compile(r"(?<!\\)(?:\\\\)*(?:\(\?<?[=!]|\\[bB1-9]|\\k<)")
# Their values are plain values, not schemas.
_VALUES = ("const", "enum", "default", "examples")
# The library's error for a grammar whose first rule refers to itself.
_NO_TEXT = "NoExtensionBias"


class BadFormat(Exception):
    """An unusable output format; the message says why."""


def bad_format(why: object) -> BadFormat:
    reason = str(why).replace("<non-verbose/>", "").strip()
    if reason == _NO_TEXT:
        reason = "no text fits it, as where a schema refers to nothing but itself"
    return BadFormat(f"the output format cannot be kept to: {reason[:REASON_LENGTH]}{reason[REASON_LENGTH:] and '…'}")


def json_grammar(schema: dict[str, Any], *, lenient: bool = False) -> str:
    """Returns the grammar of a JSON schema. ``lenient``: ignore keywords that a grammar cannot express, instead of
    refusing them."""
    from llguidance import LLMatcher

    kept = expressible(schema) if lenient else schema
    return LLMatcher.grammar_from_json_schema(kept, overrides={**JSON_OPTIONS, "lenient": lenient})


def expressible(schema: Any) -> Any:
    """Returns the schema without the patterns that a grammar cannot express: the library refuses those, lenient or
    not."""
    if isinstance(schema, list):
        return [expressible(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value if key in _VALUES else expressible(_fitting(value) if key == "patternProperties" else value)
        for key, value in schema.items()
        if not (key == "pattern" and isinstance(value, str) and _INEXPRESSIBLE.search(value))
    }


def _fitting(by_pattern: Any) -> Any:
    if not isinstance(by_pattern, dict):
        return by_pattern
    return {pattern: schema for pattern, schema in by_pattern.items() if not _INEXPRESSIBLE.search(pattern)}


def format_grammar(request: GenerationRequest) -> str | None:
    """Returns the grammar of the requested output format, if any."""
    from llguidance import LLMatcher

    match request.format:
        case None:
            return None
        case JsonFormat():
            return json_grammar(ANY_OBJECT)
        case JsonSchemaFormat(schema=schema, lenient=lenient):
            return json_grammar(schema, lenient=lenient)
        case GrammarFormat(syntax="regex", source=source):
            return LLMatcher.grammar_from_regex(source)
        case GrammarFormat(source=source):
            return LLMatcher.grammar_from_lark(source)


def matcher(grammar: str, tokens: Any) -> Any:
    """Builds an ``LLMatcher`` over an ``LLTokenizer``, and computes its first mask, the most expensive one. Raises
    BadFormat."""
    from llguidance import LLMatcher, LLParserLimits

    try:
        compiled = LLMatcher(tokens, grammar, log_level=0, limits=LLParserLimits(verbose_errors=False))
        compiled.compute_bitmask()
    except Exception as error:  # the library raises arbitrary exceptions for bad grammars
        raise bad_format(error) from error
    if compiled.is_error():
        raise bad_format(compiled.get_error())
    return compiled


class Trial:
    """Compiles grammars as a trial, to see whether that ends. The cost hardly depends on the vocabulary, so a dummy of
    ``size`` tokens is used: bytes, and special tokens for the ids that grammars name."""

    eos_token_id = BYTES
    bos_token_id = None

    def __init__(self, size: int):
        from llguidance import LLTokenizer, TokenizerWrapper

        self.special_token_ids = list(range(BYTES, max(size, BYTES + 1)))
        self.tokens = [bytes([byte]) for byte in range(BYTES)] + [b"<%d>" % token for token in self.special_token_ids]
        self._tokens = LLTokenizer(TokenizerWrapper(self), eos_token=self.eos_token_id, slices=[])

    def __call__(self, text: str) -> list[int]:
        return list(text.encode())

    def run(self, grammar: str) -> None:
        """Compiles a grammar. Raises BadFormat."""
        matcher(grammar, self._tokens)
