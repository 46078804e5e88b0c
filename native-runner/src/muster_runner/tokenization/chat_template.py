"""Chat templates: render a conversation as the text format that the model was trained on."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from muster_runner.model.model_files import ModelFileError, read_json, read_text


class TemplateError(Exception):
    """The conversation does not fit the model's chat template; the message says why."""


def failing_template(error: Exception) -> TemplateError:
    """Describes what a template raised; an error without a message, such as MemoryError, by its name."""
    return TemplateError(f"the model's chat template fails: {str(error) or type(error).__name__}")


class NoTemplate(TemplateError):
    """The model has no chat template: it is a base model."""


def find_chat_template(directory: Path, config: dict[str, Any]) -> str | None:
    """Returns the template's source, from any of the files that models use; None if there is none.

    Of several named templates it is ``default``, or the only one. ``config``: tokenizer_config.json. Raises
    ModelFileError.
    """
    file = directory / "chat_template.jinja"
    if file.exists():
        return read_text(file)
    template = config.get("chat_template")
    if template is None and (directory / "chat_template.json").exists():
        content = read_json(directory / "chat_template.json")
        template = content.get("chat_template") if isinstance(content, dict) else None
    if isinstance(template, list):
        template = _default_of(template)
    return template if isinstance(template, str) else None


def _default_of(templates: list[Any]) -> str | None:
    named = {
        str(entry.get("name")): entry["template"]
        for entry in templates
        if isinstance(entry, dict) and isinstance(entry.get("template"), str)
    }
    if "default" not in named and len(named) > 1:
        names = ", ".join(sorted(named))
        what = f"tokenizer_config.json has the chat templates {names}, and none of them is `default`"
        raise ModelFileError(what, "unsupported")
    return named.get("default", next(iter(named.values()), None))


def _environment() -> Any:
    """Builds the sandboxed Jinja environment that templates for the transformers library expect. They are untrusted."""
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """``{% generation %}`` marks text for training; here its body is rendered as it is."""

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
    """A template, found and compiled at the first conversation: plain completions work without a valid one.

    ``find``: returns the source, as ``find_chat_template``. ``variables``: special tokens by name, such as
    ``bos_token``.
    """

    def __init__(self, find: Callable[[], str | None], variables: dict[str, str]):
        self._find = find
        self._variables = variables
        self._template: Any = None
        self._source: str | None = None

    def source(self) -> str:
        """Returns the template's source; empty if there is none or it is unreadable."""
        if self._source is None:
            try:
                self._source = self._find() or ""
            except ModelFileError:
                self._source = ""
        return self._source

    def render(self, messages: list[dict[str, Any]], variables: dict[str, Any]) -> str:
        """Renders messages in the transformers library's format. ``variables``: further template variables.

        Raises TemplateError.
        """
        try:
            self._template = self._template or self._compile()
            return self._template.render(**{"documents": None, **self._variables, **variables, "messages": messages})
        except TemplateError:
            raise
        except ModelFileError as error:
            raise TemplateError(str(error)) from error
        except Exception as error:  # templates are foreign programs and raise arbitrary exceptions
            raise failing_template(error) from error

    def _compile(self) -> Any:
        source = self._find()
        if source is None:
            raise NoTemplate(
                "this model has no chat template, so it cannot take conversations; "
                "POST /v1/completions continues plain text"
            )
        return _environment().from_string(source)
