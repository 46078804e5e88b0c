"""How families write tool calls as a function with named arguments: Python's notation, and Gemma's."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FunctionForm:
    """``opened``: the start of a call up to its arguments, with the tool's name; ``key``: an argument's name up to its
    value; ``key_begun``: a possible prefix of ``key``; ``closed``: the character that ends the call.

    ``delimiters``: of strings, the longest first; ``escapes``: whether a backslash escapes within them.
    ``example``: a call with one argument, to be filled with ``tool``, ``key`` and ``value``.
    ``several``: several calls between the same marks, to be filled with ``calls``.
    """

    opened: re.Pattern[str]
    key: re.Pattern[str]
    key_begun: re.Pattern[str]
    closed: str
    delimiters: tuple[str, ...]
    escapes: bool
    example: str
    several: str


def _gemma(delimiter: str) -> FunctionForm:
    return FunctionForm(
        opened=re.compile(r"\s*call:([\w.-]{1,200})\s*\{"),
        key=re.compile(r"([\w.-]{1,200})\s*:"),
        key_begun=re.compile(r"[\w.-]{0,200}\s*"),
        closed="}",
        delimiters=(delimiter,),
        escapes=False,
        example="call:{tool}{{{key}:{value}}}",
        several="{calls}",
    )


# By the name of mlx-lm's tool parser, whose rules these follow.
FUNCTION_FORMS = {
    "pythonic": FunctionForm(
        opened=re.compile(r"\s*\[\s*([\w.]{1,200})\s*\("),
        key=re.compile(r"(\w{1,200})\s*="),
        key_begun=re.compile(r"\w{0,200}\s*"),
        closed=")",
        delimiters=('"""', "'''", '"', "'"),
        escapes=True,
        example="[{tool}({key}={value})]",
        several="[{calls}]",
    ),
    "gemma4": _gemma('<|"|>'),
    "function_gemma": _gemma("<escape>"),
}
