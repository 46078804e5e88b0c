"""Whatever the OpenAPI document allows is answered, and as the document says."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, CheckContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from conftest import Node, started

LONG = os.environ.get("MUSTER_SOAK") == "1"
EXAMPLES = 25 if LONG else 4
TIMEOUT_SECONDS = 60
# So that an answer costs little.
FEW_TOKENS = 4
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample")
UNAVAILABLE = 503
# Whether something is well, not an error that says when to come back.
HEALTH = "/health"


@pytest.fixture(scope="module")
def own() -> Iterator[Node]:
    """A node of this file's own: what is generated changes its settings and deletes what it has."""
    with started("--offline", "--no-discovery", "--peer-port", "0") as node:
        yield node


def described(own: Node) -> Any:
    """What the document describes and can be asked for without waiting for ever."""
    schema = schemathesis.openapi.from_url(f"{own.url}/openapi.json")
    # The others never end.
    schema = schema.exclude(path_regex="^/(cluster/|node/log/|node/python/|benchmarks/)?events$")
    # It would dial whatever address comes up.
    return schema.exclude(path="/cluster/join", method="POST")


def aimed(body: Any) -> Any:
    """The same request of a model that is there, for few tokens: else nothing but the model's name would be tested."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return body
    options = (
        {"options": {**body["options"], "num_predict": FEW_TOKENS}} if isinstance(body.get("options"), dict) else {}
    )
    limits = {name: FEW_TOKENS for name in LIMITS if isinstance(body.get(name), int)}
    return {**body, "model": "chat", **options, **limits}


def comes_back(ctx: CheckContext, response: Response, case: Case) -> None:
    """No fault of the node's; what it cannot do now says so, and when to come back."""
    if response.status_code != UNAVAILABLE:
        not_a_server_error(ctx, response, case)
    elif case.operation.path != HEALTH:
        assert "retry-after" in response.headers, f"503 without Retry-After: {response.text}"


def listed_codes() -> set[str]:
    """The codes that the documentation describes."""
    page = Path(__file__).parents[2] / "docs" / "errors.md"
    return set(re.findall(r"^\| `(\w+)` \|", page.read_text(), re.MULTILINE))


LISTED_CODES = listed_codes()


def code_is_listed(ctx: CheckContext, response: Response, case: Case) -> None:
    """An error's code, in the dialects that have one, is one that can be looked up."""
    if response.status_code < 400 or case.operation.path == HEALTH:
        return
    error = response.json().get("error")
    if isinstance(error, dict) and "code" in error:
        assert error["code"] in LISTED_CODES, f"unlisted: {error['code']}"


CHECKS = [
    comes_back,
    code_is_listed,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def answers(own: Node, operation: APIOperation) -> None:
    """Sends examples of one operation."""

    @settings(max_examples=EXAMPLES, derandomize=not LONG, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def holds(case: Case) -> None:
        case.body = aimed(case.body)
        case.call_and_validate(checks=CHECKS, timeout=TIMEOUT_SECONDS)
        assert own.process.poll() is None, "the node is gone"

    holds()


def test_a_node_answers_as_its_document_says(own: Node, subtests: pytest.Subtests) -> None:
    operations = [result.ok() for result in described(own).get_all_operations()]
    assert len(operations) > 50
    for operation in operations:
        with subtests.test(operation.label):
            answers(own, operation)
