"""Grammars that an answer is held to, as texts, and what makes one of them work, by llguidance.

A grammar is a program that came with a request: a few dozen characters can take hours and all memory to compile. So a
process that may be ended compiles each before the runner does (``encoder.py``). Nothing here imports mlx.
"""

from typing import Any

from muster_runner.protocol import GenerationRequest, GrammarFormat, JsonFormat, JsonSchemaFormat

ANY_OBJECT: dict[str, Any] = {"type": "object"}
# One space, or a new line and its indentation: a model that may write white space without end does.
JSON_OPTIONS = {"whitespace_flexible": True, "whitespace_pattern": "( |\\n {0,16})?"}
BYTES = 256
# The library's reasons may hold the whole grammar.
REASON_LENGTH = 500
# The library's word for a grammar whose first rule leads back to itself.
_NO_TEXT = "NoExtensionBias"


class BadFormat(Exception):
    """A format that cannot be kept to; the message says why."""


def bad_format(why: object) -> BadFormat:
    reason = str(why).replace("<non-verbose/>", "").strip()
    if reason == _NO_TEXT:
        reason = "no text fits it, as where a schema refers to nothing but itself"
    return BadFormat(f"the output format cannot be kept to: {reason[:REASON_LENGTH]}{reason[REASON_LENGTH:] and '…'}")


def json_grammar(schema: dict[str, Any], *, lenient: bool = False) -> str:
    """The grammar of JSON that a schema describes. ``lenient``: as far as a grammar can tell; else what it cannot is
    refused."""
    from llguidance import LLMatcher

    return LLMatcher.grammar_from_json_schema(schema, overrides={**JSON_OPTIONS, "lenient": lenient})


def format_grammar(request: GenerationRequest) -> str | None:
    """The grammar of the format that a request asks for, if any."""
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
    """An ``LLMatcher`` over an ``LLTokenizer``, with its first, dearest mask computed. Raises BadFormat."""
    from llguidance import LLMatcher, LLParserLimits

    try:
        made = LLMatcher(tokens, grammar, log_level=0, limits=LLParserLimits(verbose_errors=False))
        made.compute_bitmask()
    except Exception as error:  # the library raises what a grammar's author did
        raise bad_format(error) from error
    if made.is_error():
        raise bad_format(made.get_error())
    return made


class Trial:
    """Compiles grammars for nothing, to see whether that ends. What it costs hardly depends on the vocabulary, so this
    one, of ``size`` tokens, has bytes, and special tokens for the numbers that grammars name."""

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
        """Raises BadFormat."""
        matcher(grammar, self._tokens)
