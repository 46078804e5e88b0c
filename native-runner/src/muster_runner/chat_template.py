"""The chat template of a model: from a conversation to the text that the model was trained on."""

import datetime
import json
from pathlib import Path
from typing import Any

from muster_runner.model_files import read_json


class TemplateError(Exception):
    """The conversation does not fit the model's chat template; the message says why."""


def find_chat_template(directory: Path, config: dict[str, Any]) -> str | None:
    """The template's source, from wherever models keep it. ``config``: tokenizer_config.json."""
    file = directory / "chat_template.jinja"
    if file.exists():
        return file.read_text(encoding="utf-8")
    template = config.get("chat_template")
    if template is None and (directory / "chat_template.json").exists():
        template = read_json(directory / "chat_template.json").get("chat_template")
    if isinstance(template, list):
        named = {entry.get("name"): entry.get("template") for entry in template if isinstance(entry, dict)}
        template = named.get("default")
    return template if isinstance(template, str) else None


def _environment() -> Any:
    """What templates written for the transformers library expect to find, in a sandbox: they come with the model."""
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks what a model is trained on; here it only has to be passed over."""

        tags = {"generation"}  # noqa: RUF012 - jinja2's own declaration

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    def tojson(
        value: Any,
        ensure_ascii: bool = False,
        indent: int | None = None,
        separators: tuple[str, str] | None = None,
        sort_keys: bool = False,
    ) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    return environment


class ChatTemplate:
    """``variables``: the special tokens by name, such as ``bos_token``."""

    def __init__(self, source: str, variables: dict[str, str]):
        self._source = source
        self._variables = variables
        self._template: Any = None

    def render(self, messages: list[dict[str, str]]) -> str:
        """Raises TemplateError."""
        try:
            # Compiled at the first use: a text completion works without a template, and without a good one.
            self._template = self._template or _environment().from_string(self._source)
            return self._template.render(
                messages=messages, add_generation_prompt=True, tools=None, documents=None, **self._variables
            )
        except TemplateError:
            raise
        except Exception as error:  # a template is a program of the model's author, and fails as it likes
            raise TemplateError(f"the model's chat template fails: {error}") from error
