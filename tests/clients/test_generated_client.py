"""A Python client that openapi-python-client makes from the OpenAPI document."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from conftest import Node

PACKAGE = "generated_muster_client"
# Lines of JSON are left to who asks for them; nobody formats what is thrown away.
CONFIG = {"post_hooks": [], "content_type_overrides": {"application/x-ndjson": "application/octet-stream"}}


@pytest.fixture(scope="module")
def package(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "config.json"
    config.write_text(json.dumps(CONFIG))
    subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--url", f"{node.url}/openapi.json"),
            *("--meta", "none", "--output-path", str(folder / PACKAGE), "--config", str(config)),
            "--fail-on-warning",
        ],
        check=True,
    )
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))


def operation(tag: str, name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")


def test_declares_lists_and_deletes(package: ModuleType, node: Node) -> None:
    models = importlib.import_module(f"{PACKAGE}.models")
    client = package.Client(base_url=node.url)
    body = models.CreateMetaInstanceRequest(model_id=node.model, name="generated", paused=True)
    declared = operation("declarations", "post_meta_instance").sync(client=client, body=body)
    assert isinstance(declared, models.MetaInstanceView)
    listed = operation("declarations", "get_meta_instances").sync(client=client)
    assert "generated" in {each.name for each in listed.meta_instances}
    one = declared.meta_instance_id
    assert operation("declarations", "delete_meta_instance_by_id").sync(one, client=client).deleted is True
    gone = operation("declarations", "get_meta_instance_by_id").sync_detailed(one, client=client)
    assert (gone.status_code, gone.parsed.error.code) == (404, "not_found")
