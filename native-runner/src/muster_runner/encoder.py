"""``python -m muster_runner.encoder DIRECTORY NICENESS``: a process that turns prompts into tokens for a runner.

Neither a tokenizer nor a chat template, which is a program that came with the model, runs where the engine does: either
can hold Python's lock for seconds, or for ever. Nor is a grammar compiled there that was not compiled here first: one
that came with a request may take hours, and all memory. This process has the tokenizer alone and
never imports mlx, but for the one that opens pictures, whose decoders strangers feed as well. It reads orders from its
standard input and answers each on its standard output; when the input ends, as it does with the runner, so does this
process.

An order may take as much processor time as its size allows (``cpu_seconds``); then the system ends the process by
SIGPROF. Address space is bounded too, where the system can do that.
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

from muster_runner.chat_template import TemplateError
from muster_runner.conversation import GREETING
from muster_runner.embedding.recipe import read_recipe
from muster_runner.embedding.texts import BadInput, Texts
from muster_runner.encoder_messages import (
    LEAST_CPU_SECONDS,
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
from muster_runner.grammars import BadFormat, Trial
from muster_runner.model_files import read_config
from muster_runner.prompts import Prompts, TooLong, UnknownToken
from muster_runner.protocol import ChatPrompt, EmbedPrompt
from muster_runner.tokenizer import load_tokenizer
from muster_runner.vision.pictures import BadPicture

if TYPE_CHECKING:
    # It imports mlx, which only the process for prompts with pictures needs.
    from muster_runner.vision.processing import Processing

ADDRESS_SPACE_BYTES = 16 << 30


class Encoder:
    """For the model in ``directory``. Raises ModelFileError."""

    def __init__(self, directory: Path):
        self._directory, self._config = directory, read_config(directory)
        self._tokenizer = load_tokenizer(directory, self._config)
        self._vocabulary = self._tokenizer.vocabulary_size()
        self._prompts = Prompts(self._tokenizer)
        self._texts: Texts | None = None
        self._trial: Trial | None = None
        self._processing: Processing | None = None

    def warm(self) -> None:
        """Compiles the template and makes what a first encoding makes."""
        with suppress(TemplateError):
            self._prompts.encode(GREETING, context=1 << 20)

    def encode(self, order: Order) -> list[int] | Lists | Pictured:
        """Raises what Prompts, Texts and Processing raise, and BadFormat."""
        if order.grammar is not None:
            self._trial = self._trial or Trial(self._vocabulary)
            self._trial.run(order.grammar)
        if order.has_pictures and isinstance(order.prompt, ChatPrompt):
            return self._see().encode(order.prompt, order.context)
        if not isinstance(order.prompt, EmbedPrompt):
            return self._prompts.encode(order.prompt, order.context)
        if self._texts is None:
            recipe = read_recipe(self._directory, self._config)
            self._texts = Texts(self._tokenizer, recipe, self._directory, self._vocabulary)
        return Lists(self._texts.encode(order.prompt, order.context))

    def _see(self) -> "Processing":
        from muster_runner.vision.processing import Processing

        self._processing = self._processing or Processing(self._directory, self._config, self._prompts)
        return self._processing


def _answer(encoder: Encoder, order: Order) -> Encoded:
    try:
        return encoder.encode(order)
    except BadInput as error:
        return Refusal(error.code, str(error))
    except TooLong as error:
        return Refusal("context_length_exceeded", str(error))
    except (TemplateError, UnknownToken, BadFormat, BadPicture) as error:
        return Refusal("invalid_request", str(error))
    except Exception as error:  # whatever a text does to a tokenizer, or a conversation to a template
        traceback.print_exc()
        return Refusal("invalid_request", f"the prompt cannot be encoded: {type(error).__name__}: {error}")


def main() -> None:
    directory = Path(sys.argv[1])
    os.nice(int(sys.argv[2]))
    orders, answers = os.dup(0), os.dup(1)
    # What a library prints must not get among the answers.
    os.dup2(2, 1)
    with suppress(OSError):
        # Where memory runs out on Linux, this process is to be ended and not the runner.
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    encoder = Encoder(directory)
    signal.setitimer(signal.ITIMER_PROF, LEAST_CPU_SECONDS)
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
