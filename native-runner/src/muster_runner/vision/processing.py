"""Makes tokens and arrays of a conversation with pictures, by the model family's own processor."""

from pathlib import Path
from typing import Any

from muster_runner.encoder_messages import Pictured
from muster_runner.prompts import Prompts
from muster_runner.protocol import ChatPrompt
from muster_runner.vision.library import family
from muster_runner.vision.pictures import BadPicture, open_pictures, picture_parts


class _OurTokenizer:
    """Stands for the processor's tokenizer: text becomes tokens as everywhere else, so that what a client wrote is text
    also where it spells a control token."""

    def __init__(self, theirs: Any, prompts: Prompts):
        self._theirs, self._prompts = theirs, prompts

    def __call__(self, text: list[str], **_options: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [self._prompts.tokens(one) for one in text]}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._theirs, name)


class Processing:
    """For the model in ``directory``. Reads the processor's settings; runs no code that came with the model."""

    def __init__(self, directory: Path, config: dict[str, Any], prompts: Prompts):
        import mlx.core as mx

        # Arrays of numbers are all that is made here: that is no work for a graphics processor.
        mx.set_default_device(mx.cpu)
        module = family(config["model_type"])
        processors = next(value for name, value in vars(module).items() if name.startswith("processing_"))
        processor = getattr(processors, processors.__all__[0])
        # Left open, the library would ask at the terminal whether to run a program of the model's.
        made = processor.from_pretrained(str(directory), trust_remote_code=False)
        self._placeholder = getattr(made, "boi_token", None) or made.image_token
        self._token = int(made.image_token_id)
        made.tokenizer = _OurTokenizer(made.tokenizer, prompts)
        self._processor, self._prompts = made, prompts

    def encode(self, prompt: ChatPrompt, context: int) -> Pictured:
        """Raises BadPicture, TemplateError and TooLong."""
        import numpy as np

        pictures, hashes = open_pictures(picture_parts(prompt))
        text = self._prompts.text(prompt, context)
        if (shown := text.count(self._placeholder)) != len(pictures):
            raise BadPicture(
                f"the model's chat template shows {shown} of the {len(pictures)} pictures of the conversation: it "
                "takes those in what the user says"
            )
        inputs = self._processor(text=[text], images=pictures)
        tokens = np.array(inputs.pop("input_ids"))[0].tolist()
        arrays = {name: np.array(value) for name, value in inputs.items() if hasattr(value, "shape")}
        return Pictured(tokens, self._token, hashes, arrays)
