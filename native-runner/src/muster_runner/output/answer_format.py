"""Detects the output format of a model (reasoning and tool calls) from its chat template and vocabulary."""

from dataclasses import dataclass

from muster_runner.output.call_stream import CallForm
from muster_runner.output.function_forms import FUNCTION_FORMS
from muster_runner.output.parameter_forms import PARAMETER_FORMS
from muster_runner.output.tool_calls import Parse, tool_parser
from muster_runner.tokenization.tokenizer import Tokenizer

# Marks around reasoning, by family: Qwen, DeepSeek, GLM and most others; LongCat; Magistral; Seed; Gemma 4.
THINK_MARKS = (
    ("<think>", "</think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|think:start|>", "<|think:end|>"),
    ("<|channel>thought", "<channel|>"),
)

# mlx-lm's tool parser of a family: the first entry whose text occurs in the template.
# See _infer_tool_parser in https://github.com/ml-explore/mlx-lm/blob/main/mlx_lm/tokenizer_utils.py
TOOL_PARSERS = (
    ("<minimax:tool_call>", "minimax_m2"),
    ("<|tool_call>", "gemma4"),
    ("<start_function_call>", "function_gemma"),
    ("<longcat_tool_call>", "longcat"),
    ("<arg_key>", "glm47"),
    ("<|tool_list_start|>", "pythonic"),
    ("<|tool_call_start|>", "pythonic"),
    ("<tool_call>\\n<function=", "qwen3_coder"),
    ("<tool_call>\n<function=", "qwen3_coder"),
    ("<|tool_calls_section_begin|>", "kimi_k2"),
    ("[TOOL_CALLS]", "mistral"),
    ("<tool_call>", "json_tools"),
)

HARMONY_MARKS = ("<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>")


@dataclass(frozen=True)
class ToolFormat:
    start: str
    # Empty if a call ends with the answer.
    end: str
    parse: Parse
    # The family's form of calls that are not JSON, if it has one.
    form: CallForm | None = None


@dataclass(frozen=True)
class AnswerFormat:
    """``tokens``: the marks that are single tokens, by token id. Such a mark is recognised only as that token, so that
    a model can write about it; the other marks are found in the text."""

    think: tuple[str, str] | None
    tool: ToolFormat | None
    harmony: bool
    tokens: dict[int, str]

    @property
    def spelled(self) -> tuple[str, ...]:
        """The marks that are not single tokens and must be found in the text."""
        known = set(self.tokens.values())
        marks = [*(self.think or ()), *((self.tool.start, self.tool.end) if self.tool else ())]
        return tuple(mark for mark in marks if mark and mark not in known)


def tool_format(kind: str) -> ToolFormat:
    """Returns the format of a family's calls, by the name of mlx-lm's parser."""
    return ToolFormat(*tool_parser(kind), PARAMETER_FORMS.get(kind) or FUNCTION_FORMS.get(kind))


PLAIN = AnswerFormat(think=None, tool=None, harmony=False, tokens={})


def answer_format(tokenizer: Tokenizer) -> AnswerFormat:
    """Detects the model's output format."""
    template = tokenizer.template_source()
    special, others = tokenizer.added_tokens()
    numbers = {text: tokenizer.token_number(text) for text in (*special, *others)}
    added = {text: number for text, number in numbers.items() if number is not None}
    if all(mark in added for mark in ("<|channel|>", "<|message|>", "<|start|>")):
        tokens = {added[mark]: mark for mark in HARMONY_MARKS if mark in added}
        return AnswerFormat(think=None, tool=None, harmony=True, tokens=tokens)
    think = next(
        (pair for pair in THINK_MARKS if pair[0] in added and pair[1] in added),
        next((pair for pair in THINK_MARKS if pair[0] in template and pair[1] in template), None),
    )
    kind = next((parser for text, parser in TOOL_PARSERS if text in template), None)
    tool = tool_format(kind) if kind is not None else None
    marks = [*(think or ()), *((tool.start, tool.end) if tool else ())]
    return AnswerFormat(think, tool, harmony=False, tokens={added[mark]: mark for mark in marks if mark in added})
