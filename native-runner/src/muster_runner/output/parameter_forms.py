"""How families write tool calls whose arguments are parameters between tags instead of JSON."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ParameterForm:
    """``opened``: the start of a call, with the tool's name; ``parameter``: the start of a parameter up to its value,
    with its name; ``closed``: the end of a call, None where the family's end mark is the only one.

    ``trims_all``: white space around a value is dropped; otherwise one line break on either side is.
    ``example``: a call with one parameter, to be filled with ``tool``, ``key`` and ``value``.
    """

    opened: re.Pattern[str]
    parameter: re.Pattern[str]
    value_end: str
    closed: re.Pattern[str] | None
    trims_all: bool
    example: str


def _keys_and_values(prefix: str) -> ParameterForm:
    """The form of GLM and LongCat, whose tags differ only by a prefix."""
    key, value = f"{prefix}arg_key", f"{prefix}arg_value"
    return ParameterForm(
        opened=re.compile(rf"\s*([^\s<>{{]{{1,200}})\s*(?=<{key}>)"),
        parameter=re.compile(rf"<{key}>\s*([^<>]{{1,200}}?)\s*</{key}>(?:\\n|\s)*<{value}>"),
        value_end=f"</{value}>",
        closed=None,
        trims_all=True,
        example=f"{{tool}}<{key}>{{key}}</{key}><{value}>{{value}}</{value}>",
    )


# By the name of mlx-lm's tool parser, whose rules these follow.
PARAMETER_FORMS = {
    "qwen3_coder": ParameterForm(
        opened=re.compile(r"\s*<function=\s*([^\s<>]{1,200})>"),
        parameter=re.compile(r"<parameter=\s*([^\s<>]{1,200})>"),
        value_end="</parameter>",
        closed=re.compile(r"</function>"),
        trims_all=False,
        example="<function={tool}><parameter={key}>{value}</parameter></function>",
    ),
    "minimax_m2": ParameterForm(
        opened=re.compile(r"\s*<invoke name=\s*[\"']?([^\"'<>]{1,200}?)[\"']?\s*>"),
        parameter=re.compile(r"<parameter name=\s*[\"']?([^\"'<>]{1,200}?)[\"']?\s*>"),
        value_end="</parameter>",
        closed=re.compile(r"</invoke>"),
        trims_all=True,
        example='<invoke name="{tool}"><parameter name="{key}">{value}</parameter></invoke>',
    ),
    "glm47": _keys_and_values(""),
    "longcat": _keys_and_values("longcat_"),
}
