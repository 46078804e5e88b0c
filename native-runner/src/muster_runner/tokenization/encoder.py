"""``python -m muster_runner.tokenization.encoder DIRECTORY NICENESS``: the tokenizing process of a runner.

Tokenizers and chat templates (programs that come with the model) can hold Python's GIL for seconds or for ever, so they
never run in the engine's process. Grammars of requests are compiled here first, because compiling one may take hours
or all memory. Pictures are decoded here too: they are untrusted input. Only the process for pictures imports mlx.

Orders are read from standard input and each is answered on standard output. The process ends when its input does, which
includes the end of the runner.

The CPU time of an order is limited by its size (``cpu_seconds``); beyond that the kernel ends the process by SIGPROF.
Address space is limited too, on systems that support it.
"""

import os
import resource
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from muster_runner.embedding.recipe import read_recipe
from muster_runner.embedding.texts import BadInput, InputTokenizer
from muster_runner.failures import shortened
from muster_runner.model.model_files import read_config
from muster_runner.output.grammars import BadFormat, Trial
from muster_runner.protocol import ChatPrompt, EmbedPrompt
from muster_runner.tokenization.chat_template import TemplateError
from muster_runner.tokenization.conversation import GREETING
from muster_runner.tokenization.encoder_messages import (
    MIN_CPU_SECONDS,
    Encoded,
    Lists,
    Order,
    Pictured,
    Refusal,
    cpu_seconds,
    encode_answer,
    read_message,
    write_message,
)
from muster_runner.tokenization.prompts import Prompts, TooLong, UnknownToken
from muster_runner.tokenization.tokenizer import load_tokenizer
from muster_runner.vision.pictures import BadPicture

if TYPE_CHECKING:
    # It imports mlx, which only the process for pictures needs.
    from muster_runner.vision.processing import Processing

ADDRESS_SPACE_BYTES = 16 << 30


class Encoder:
    """Tokenizes for the model in ``directory``. Raises ModelFileError."""

    def __init__(self, directory: Path):
        self._directory, self._config = directory, read_config(directory)
        self._tokenizer = load_tokenizer(directory, self._config)
        self._vocabulary = self._tokenizer.vocabulary_size()
        self._prompts = Prompts(self._tokenizer)
        self._texts: InputTokenizer | None = None
        self._trial: Trial | None = None
        self._processing: Processing | None = None

    def warm(self) -> None:
        """Compiles the chat template and fills the caches of a first encoding."""
        with suppress(TemplateError):
            self._prompts.encode(GREETING, context=1 << 20)

    def encode(self, order: Order) -> list[int] | Lists | Pictured:
        """Raises what Prompts, InputTokenizer and Processing raise, and BadFormat."""
        if order.grammar is not None:
            self._trial = self._trial or Trial(self._vocabulary)
            self._trial.run(order.grammar)
        if order.has_pictures and isinstance(order.prompt, ChatPrompt):
            return self._pictures_processing().encode(order.prompt, order.context)
        if not isinstance(order.prompt, EmbedPrompt):
            return self._prompts.encode(order.prompt, order.context)
        if self._texts is None:
            recipe = read_recipe(self._directory, self._config)
            self._texts = InputTokenizer(self._tokenizer, recipe, self._directory, self._vocabulary)
        return Lists(self._texts.encode(order.prompt, order.context))

    def _pictures_processing(self) -> "Processing":
        from muster_runner.vision.processing import Processing

        self._processing = self._processing or Processing(self._directory, self._config, self._prompts)
        return self._processing


def _answer(encoder: Encoder, order: Order) -> Encoded:
    try:
        return encoder.encode(order)
    except BadInput as error:
        return _refusal(error.code, str(error))
    except TooLong as error:
        return _refusal("context_length_exceeded", str(error))
    except (TemplateError, UnknownToken, BadFormat, BadPicture) as error:
        return _refusal("invalid_request", str(error))
    except Exception as error:  # tokenizers and templates raise arbitrary exceptions
        print("".join(map(shortened, traceback.format_exception(error))), file=sys.stderr, flush=True)
        return _refusal("invalid_request", f"the prompt cannot be encoded: {type(error).__name__}: {error}")


def _refusal(code: str, message: str) -> Refusal:
    return Refusal(code, shortened(message))


def main() -> None:
    directory = Path(sys.argv[1])
    os.nice(int(sys.argv[2]))
    orders, answers = os.dup(0), os.dup(1)
    # Libraries print to standard output, which must carry answers only.
    os.dup2(2, 1)
    with suppress(OSError):
        # Makes the OOM killer of Linux prefer this process to the runner.
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    encoder = Encoder(directory)
    signal.setitimer(signal.ITIMER_PROF, MIN_CPU_SECONDS)
    encoder.warm()
    decoder = msgspec.json.Decoder(Order)
    while True:
        signal.setitimer(signal.ITIMER_PROF, 0)
        message = read_message(orders)
        if message is None:
            os._exit(0)
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds(len(message)))
        order = decoder.decode(message)
        if order.has_pictures:
            signal.setitimer(signal.ITIMER_PROF, cpu_seconds(len(message), pictures=True))
        write_message(answers, encode_answer(_answer(encoder, order)))


if __name__ == "__main__":
    main()
