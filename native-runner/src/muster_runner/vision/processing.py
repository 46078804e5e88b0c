"""Turns a conversation with pictures into tokens and arrays, with the architecture's own processor."""

import hashlib
import secrets
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from muster_runner.failures import Failure
from muster_runner.protocol import ChatPrompt
from muster_runner.tokenization.encoder_messages import Pictured
from muster_runner.tokenization.prompts import Prompts
from muster_runner.vision.kind import PROCESSOR_FILES
from muster_runner.vision.library import processor
from muster_runner.vision.pictures import BadPicture, open_pictures, picture_parts

# The processor's attribute that names what a chat template has for a picture.
MARKS = {"gemma3": "boi_token"}
# What mlx-vlm's processors for Qwen write in a prompt for a while, and replace wherever it occurs.
INTERMEDIATE = "<|placeholder|>"


class _OurTokenizer:
    """Replaces the processor's tokenizer by ``Prompts``, so that control tokens in a client's text stay text."""

    def __init__(self, theirs: Any, prompts: Prompts):
        self._theirs, self._prompts = theirs, prompts
        self._escape = secrets.token_hex(12)

    def escaped(self, text: str) -> str:
        """Returns a text in which the processor finds none of its own marks."""
        return text.replace(INTERMEDIATE, self._escape)

    def __call__(self, text: list[str], **_options: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [self._prompts.tokens(each.replace(self._escape, INTERMEDIATE)) for each in text]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._theirs, name)


class Processing:
    """The processor of the model in ``directory``. Runs no code that came with the model."""

    def __init__(self, directory: Path, config: dict[str, Any], prompts: Prompts):
        import mlx.core as mx

        # Only prepares arrays: keeps this process off the GPU.
        mx.set_default_device(mx.cpu)
        try:
            kind = processor(config["model_type"])
            with warnings.catch_warnings():
                # Of Gemma 4's settings for sound, which is not read here.
                warnings.filterwarnings("ignore", message="At least one mel filter")
                # Without False the library would ask at the terminal whether to run the model's code.
                loaded_processor = kind.from_pretrained(str(directory), trust_remote_code=False)
            # Gemma 3's templates have the mark of the beginning where others have the placeholder.
            self._placeholder = getattr(loaded_processor, MARKS.get(config["model_type"], "image_token"))
            self._token = int(loaded_processor.image_token_id)
        except (Failure, MemoryError):
            raise
        except Exception as error:  # the library uses the files without checking them first
            raise BadPicture(f"the model's settings for pictures cannot be used: {error}") from error
        self._end = getattr(loaded_processor, "image_end_token_id", None)
        self._tokenizer = _OurTokenizer(loaded_processor.tokenizer, prompts)
        loaded_processor.tokenizer = self._tokenizer
        self._processor, self._prompts = loaded_processor, prompts
        self._settings = _digest(directory)

    def encode(self, prompt: ChatPrompt, context: int) -> Pictured:
        """Tokenizes a conversation and its pictures. Raises BadPicture, TemplateError and TooLong."""
        import numpy as np

        pictures, hashes = open_pictures(picture_parts(prompt))
        # The disk cache outlives the settings, which change what a model sees of the same file.
        hashes = [hashlib.sha256(self._settings + each).digest() for each in hashes]
        text = self._prompts.text(prompt, context)
        if (shown := text.count(self._placeholder)) != len(pictures):
            raise BadPicture(
                f"the model's chat template shows {shown} of the {len(pictures)} pictures of the conversation: it "
                "takes pictures in user messages only"
            )
        inputs = self._processor(text=[self._tokenizer.escaped(text)], images=pictures)
        tokens = np.array(inputs.pop("input_ids"))[0].tolist()
        return Pictured(tokens, self._token, hashes, _arrays(inputs), self._end)


def _digest(directory: Path) -> bytes:
    """Hashes what determines the arrays of a picture beside its file."""
    digest = hashlib.sha256(f"{version('mlx-vlm')} {version('pillow')}".encode())
    for path in (directory / name for name in PROCESSOR_FILES):
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.digest()


def _arrays(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arrays, and lists of arrays for pictures of different sizes, in numpy."""
    import numpy as np

    arrays = {name: np.array(value) for name, value in inputs.items() if hasattr(value, "shape")}
    lists = {name: value for name, value in inputs.items() if isinstance(value, list)}
    return arrays | {name: [np.array(part) for part in parts] for name, parts in lists.items()}
