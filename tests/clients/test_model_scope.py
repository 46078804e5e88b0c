"""The fake of ModelScope that the tests of the hub's client use, asked by ModelScope's own client: what that client can
read is what ours is written for."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import NODE, ROOT, TINY

CLIENT = """
import json, sys
from modelscope_hub import HubApi
api = HubApi()
files = api.legacy.list_repo_files(sys.argv[1], "model")
folder = api.download_repo(sys.argv[1], "model", local_dir=sys.argv[2])
found = api.openapi.list_models(search="tiny", sort="downloads", page_size=5, filters={"library": "mlx"})
try:
    api.legacy.list_repo_files("nobody/nothing", "model")
    missing = ""
except Exception as error:
    missing = type(error).__name__
print(json.dumps({"files": files, "folder": str(folder), "found": found, "missing": missing}))
"""


@pytest.fixture
def hub() -> Iterator[str]:
    script = str(ROOT / "tests/hosts/hub-process.ts")
    process = subprocess.Popen(
        [NODE, "--import", "tsx", script, "127.0.0.1", "modelscope"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(30)


def test_it_lists_finds_and_gives_models_as_model_scope_does(hub: str, tmp_path: Path) -> None:
    env = {**os.environ, "MODELSCOPE_ENDPOINT": hub, "HOME": str(tmp_path), "MODELSCOPE_CACHE": str(tmp_path / "cache")}
    target = tmp_path / "model"
    done = subprocess.run([sys.executable, "-c", CLIENT, TINY, str(target)], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    blobs = [file for file in said["files"] if file["Type"] == "blob"]
    assert {file["Path"] for file in blobs} >= {"config.json", "model.safetensors"}
    for file in blobs:
        content = (target / file["Path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["Size"], file["Sha256"])
    assert [model["id"] for model in said["found"]["models"]] == [TINY]
    assert said["missing"] == "NotExistError"
