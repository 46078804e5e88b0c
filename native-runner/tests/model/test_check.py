"""The check of a model's folder before it is declared."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model without its weights, to be changed."""
    return Path(shutil.copytree(tiny, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors")))


def check(folder: Path) -> str | None:
    """What is wrong, if anything is, after its code: ``damaged: …``."""
    answer = subprocess.run(
        [sys.executable, "-m", "muster_runner.check", str(folder)], capture_output=True, text=True, check=True
    )
    found = json.loads(answer.stdout)["problem"]
    return found and f"{found['problemCode']}: {found['problem']}"


def change(folder: Path, **fields: Any) -> None:
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_valid_model_has_no_problem_and_its_weights_are_not_read(folder: Path) -> None:
    assert check(folder) is None


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for x in %}", "chat template fails"),
        ("{{ 1 / 0 }}", "chat template fails"),
        ("{{ 'a' * 10000000000 }}", "chat template fails: MemoryError"),
        ("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "end within 4 s"),
    ],
)
def test_an_unusable_template_is_reported_with_the_reason(folder: Path, template: str, why: str) -> None:
    change(folder, chat_template=template)
    found = check(folder) or ""
    assert found.startswith("unsupported: ")
    assert why in found


def test_what_a_template_says_of_a_plain_conversation_is_given_as_its_words(folder: Path) -> None:
    change(folder, chat_template="{{ raise_exception('no') }}")
    assert check(folder) == "unsupported: the model's chat template refuses a plain conversation: no"


@pytest.mark.parametrize("name", ["tokenizer_config.json", "chat_template.jinja", "generation_config.json"])
def test_a_pipe_in_the_place_of_a_file_is_reported_and_not_opened(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert check(folder) == f"damaged: {name} is damaged: what has that name is no file"


def test_an_unreadable_tokenizer_is_reported(folder: Path) -> None:
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes()[:-100])
    assert (check(folder) or "").startswith("damaged: tokenizer.json")


def test_the_check_never_imports_mlx(folder: Path) -> None:
    program = "import sys; from muster_runner.check import problem_of; from pathlib import Path\n"
    program += f"assert problem_of(Path({str(folder)!r})) is None; assert 'mlx.core' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


PROGRAM = """
import pathlib
from transformers import PreTrainedTokenizerFast

pathlib.Path(__file__).with_name("ran").touch()


class Own(PreTrainedTokenizerFast):
    pass
"""


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("tokenizer.json", None),
        ("tokenizer.model", "damaged: the tokenizer in"),
        ("tiktoken.model", "unsupported: tiktoken.model can only be read by a program that comes with the model"),
    ],
)
def test_code_of_a_model_never_runs_and_the_terminal_is_never_asked(folder: Path, left: str, said: str | None) -> None:
    """At a terminal too, where the library would ask; an answer to that waits here, and is not read."""
    (folder / "tokenizer.json").rename(folder / left)
    (folder / "own.py").write_text(PROGRAM)
    change(folder, tokenizer_class="Own", auto_map={"AutoTokenizer": ["own.Own", "own.Own"]})
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    command = [sys.executable, "-m", "muster_runner.check", str(folder)]
    answer = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=True)
    assert select.select([theirs], [], [], 0)[0] == [theirs]
    for end in (ours, theirs):
        os.close(end)
    assert not (folder / "ran").exists()
    found = json.loads(answer.stdout)["problem"]
    assert found is None if said is None else f"{found['problemCode']}: {found['problem']}".startswith(said)
