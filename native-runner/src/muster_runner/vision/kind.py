"""Which models read pictures, from their files alone. ``src-main/models/vision.ts`` reads the same table."""

import json
from pathlib import Path
from typing import Any

FAMILIES: frozenset[str] = frozenset(json.loads(Path(__file__).with_name("architectures.json").read_text())["families"])
# Either tells how pictures are cut for the model.
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")


def reads_pictures(directory: Path, config: dict[str, Any]) -> bool:
    """``config``: config.json. Whether the weights have the tower is found out when they are loaded."""
    told = config["model_type"] in FAMILIES and isinstance(config.get("vision_config"), dict)
    return told and any((directory / name).exists() for name in PROCESSOR_FILES)
