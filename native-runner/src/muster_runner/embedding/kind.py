"""Distinguishes embedding models from generative ones. ``src-main/models/inspection/model-kind.ts`` has the same rules.

1. An encoder (the BERT family) is an embedding model.
2. A folder with ``modules.json`` was saved by sentence-transformers: an embedding model.
3. A decoder of a supported architecture is one if its configuration names the network without a head
   (``MistralModel``), or if the model's name contains "embed": MLX conversions leave ``modules.json`` out.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("architectures.json")
MODULES = "modules.json"

_HEADLESS = re.compile(r"^[A-Za-z0-9]+(?<!LMHead)Model$")
_NAME = re.compile(r"embed", re.IGNORECASE)


@cache
def _table() -> dict[str, list[str]]:
    return json.loads(TABLE.read_bytes())


def is_encoder(config: dict[str, Any]) -> bool:
    return config["model_type"] in _table()["encoders"]


def is_decoder(config: dict[str, Any]) -> bool:
    """Whether this runner can run this decoder architecture as an embedding model."""
    return config["model_type"] in _table()["decoders"]


def makes_embeddings(directory: Path, model_id: str, config: dict[str, Any]) -> bool:
    """Whether the folder holds an embedding model, by the module's rules."""
    if is_encoder(config) or (directory / MODULES).exists():
        return True
    named = config.get("architectures")
    headless = isinstance(named, list) and any(isinstance(name, str) and _HEADLESS.match(name) for name in named)
    return is_decoder(config) and (headless or bool(_NAME.search(model_id.rsplit("/", 1)[-1])))
