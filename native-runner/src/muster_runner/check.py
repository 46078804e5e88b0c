"""``python -m muster_runner.check DIR``: checks whether the model in DIR can take conversations.

Loads its tokenizer and renders its chat template once, without mlx, and prints a line of JSON: ``problem`` is null, or
has the problem with the file's name, and its code. If the program ends in any other way, nothing is known about the
model.
"""

import argparse
import json
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from muster_runner.failures import shortened
from muster_runner.model.model_files import ModelFileError, check_kinds, read_config
from muster_runner.tokenization.prompts import check_conversations

# Limits for the chat template, which is a program of the model's author: CPU time and memory.
SECONDS = 4
MEMORY_BYTES = 8 << 30


class Endless(BaseException):
    """The chat template took too long. Not an Exception, because rendering catches those to retry with another form of
    the conversation."""


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise Endless


def problem_of(directory: Path) -> dict[str, str] | None:
    """Returns the problem of the model's tokenizer or chat template; None if there is none."""
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        check_kinds(directory)
        check_conversations(directory, read_config(directory))
    except ModelFileError as error:
        return {"problem": shortened(str(error)), "problemCode": error.code}
    except Endless:
        problem = f"the model's chat template fails: it does not come to an end within {SECONDS} s"
        return {"problem": problem, "problemCode": "unsupported"}
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.check", description=__doc__)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    # Some systems ignore or reject this limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    print(json.dumps({"problem": problem_of(arguments.directory)}))


if __name__ == "__main__":
    main()
