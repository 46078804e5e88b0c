"""``python -m muster_runner.check DIR``: whether conversations can be put to the model in DIR.

Reads its tokenizer and renders its chat template once, without mlx, and prints one line of JSON: ``problem`` is null,
or has what is wrong and with which file, and the code of that. Any other end of this program says nothing about the
model.
"""

import argparse
import json
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from muster_runner.model_files import ModelFileError, read_config
from muster_runner.prompts import check_conversations

# A template is a program of the model's author. It may run this long, in processor time, and take so much memory.
SECONDS = 4
MEMORY_BYTES = 8 << 30


class Endless(BaseException):
    """The chat template took too long. Not an Exception: whoever makes do with a template that fails, by trying it on
    another form of the conversation, must not go on."""


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise Endless


def problem_of(directory: Path) -> dict[str, str] | None:
    """What is wrong with the model's tokenizer or chat template, if anything is."""
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        check_conversations(directory, read_config(directory))
    except ModelFileError as error:
        return {"problem": str(error), "problemCode": error.code}
    except Endless:
        problem = f"the model's chat template fails: it does not come to an end within {SECONDS} s ({directory})"
        return {"problem": problem, "problemCode": "unsupported"}
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.check", description=__doc__)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    # Not every system keeps to it, and some refuse it.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print(json.dumps({"problem": problem_of(arguments.directory)}))


if __name__ == "__main__":
    main()
