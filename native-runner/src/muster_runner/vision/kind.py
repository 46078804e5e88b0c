"""Detects models that read pictures, from their files alone.

``src-main/models/inspection/vision.ts`` reads the same table.
"""

import json
from pathlib import Path
from typing import Any

# The image processor of each architecture, within mlx_vlm.models.
PROCESSORS: dict[str, str] = json.loads(Path(__file__).with_name("architectures.json").read_text())["processors"]
# Either has the settings of the image processor.
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")


def reads_pictures(directory: Path, config: dict[str, Any]) -> bool:
    """Whether the files describe a vision model; the weights may still lack the tower. ``config``: config.json."""
    supported = config["model_type"] in PROCESSORS and isinstance(config.get("vision_config"), dict)
    return supported and any((directory / name).exists() for name in PROCESSOR_FILES)
