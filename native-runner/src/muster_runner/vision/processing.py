"""Turns a conversation with pictures into tokens and arrays, with the architecture's own processor."""

import hashlib
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from muster_runner.failures import Failure
from muster_runner.protocol import ChatPrompt, ImagePart
from muster_runner.tokenization.encoder_messages import Picture, Pictured
from muster_runner.tokenization.prompts import Prompts, TooLong
from muster_runner.vision.kind import PROCESSOR_FILES
from muster_runner.vision.library import processor
from muster_runner.vision.pictures import BadPicture, named, open_picture, picture_parts

# The processor's attribute that names what a chat template has for a picture.
MARKS = {"gemma3": "boi_token"}
# What a processor returns beside the arrays of a picture.
OF_TEXT = ("input_ids", "mm_token_type_ids")


class _OurTokenizer:
    """Replaces the processor's tokenizer by ``Prompts``. ``written``: what the processor gave it last."""

    def __init__(self, theirs: Any, prompts: Prompts):
        self._theirs, self._prompts = theirs, prompts
        self.written = ""

    def __call__(self, text: list[str], **_options: Any) -> dict[str, list[list[int]]]:
        (self.written,) = text
        return {"input_ids": [self._prompts.tokens(self.written)]}

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
        """Tokenizes a conversation and its pictures. Raises BadPicture, TemplateError and TooLong.

        The pictures are decoded and prepared one after the other: all at once, the largest would take 6 GB. So the
        processor is given a placeholder alone with each, and never what a client wrote, where it could find marks of
        its own.
        """
        parts = named(picture_parts(prompt))
        text = self._prompts.text(prompt, context)
        whole, *between = text.split(self._placeholder)
        if len(between) != len(parts):
            raise BadPicture(
                f"the model's chat template shows {len(between)} of the {len(parts)} pictures of the conversation: it "
                "takes pictures in user messages only"
            )
        pictures, hashes, places = [], [], 0
        for (name, part), following in zip(parts, between, strict=True):
            picture, digest, written = self._prepare(name, part)
            if (places := places + picture.places) > context:
                raise TooLong(
                    f"the conversation's pictures take more tokens than the model's context holds ({context}); leave "
                    "some out or make them smaller"
                )
            pictures.append(picture)
            hashes.append(digest)
            whole += written + following
        return Pictured(self._prompts.tokens(whole), self._token, hashes, pictures, self._end)

    def _prepare(self, name: str, part: ImagePart) -> tuple[Picture, bytes, str]:
        """Returns a picture, the hash of what the model sees of it, and what stands for it in a prompt."""
        import numpy as np

        image, digest = open_picture(name, part)
        inputs = self._processor(text=[self._placeholder], images=[image])
        written = self._tokenizer.written
        places = int((np.array(inputs["input_ids"]) == self._token).sum())
        # The disk cache outlives the settings, which change what a model sees of the same file.
        return Picture(places, _arrays(inputs)), hashlib.sha256(self._settings + digest).digest(), written


def _digest(directory: Path) -> bytes:
    """Hashes what determines the arrays of a picture beside its file."""
    digest = hashlib.sha256(f"{version('mlx-vlm')} {version('pillow')}".encode())
    for path in (directory / name for name in PROCESSOR_FILES):
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.digest()


def _arrays(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arrays of a picture in numpy."""
    import numpy as np

    return {name: np.array(value) for name, value in inputs.items() if hasattr(value, "shape") and name not in OF_TEXT}
