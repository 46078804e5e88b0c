"""Builds mlx-vlm's model with the weights of its vision tower."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.utils import infer_quant_config

from muster_runner.model.model_files import ModelFileError

# The prefix of the weights of mlx-vlm's language part, which is not used.
LANGUAGE = "language_model."
# A name of towers that mlx-vlm knows for some families only.
_OTHER_NAMES = re.compile(r"^(?:model\.)?visual\.")


def build(module: Any, directory: Path, config: dict[str, Any]) -> tuple[Any, bool]:
    """Builds mlx-vlm's model, of the package ``module``, with weights that are still unread.

    Returns it, and whether the files have a tower. Raises ModelFileError, and arbitrary exceptions for a configuration
    that does not fit.
    """
    config = deepcopy(config)
    # Only pictures are read.
    config.pop("audio_config", None)
    text = config.setdefault("text_config", config)
    arguments = module.ModelConfig.from_dict(config)
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(text)
    vision_model = module.Model(arguments)
    weights: dict[str, mx.array] = {}
    for path in sorted(directory.glob("model*.safetensors")):
        weights |= {_OTHER_NAMES.sub("vision_tower.", name): value for name, value in mx.load(str(path)).items()}
    for part, settings in ((vision_model, None), (module.VisionModel, arguments.vision_config)):
        if hasattr(part, "sanitize"):
            weights = (part if settings is None else part(settings)).sanitize(weights)
    weights = {name: value for name, value in weights.items() if not name.startswith(LANGUAGE)}
    if not any(name.startswith("vision") for name in weights):
        return vision_model, False
    # By the shapes: config.json names the parts with settings of their own in several ways.
    nn.quantize(
        vision_model,
        class_predicate=lambda path, part: (
            infer_quant_config(path, part, weights) if f"{path}.scales" in weights else False
        ),
    )
    needed = {name: value for name, value in tree_flatten(vision_model.parameters()) if not name.startswith(LANGUAGE)}
    for name, value in needed.items():
        if name not in weights:
            raise ModelFileError(f"the model's files lack {name}, a weight of its vision tower")
        if weights[name].shape != value.shape:
            raise ModelFileError(f"{name} has the shape {weights[name].shape} in the files, not {value.shape}")
    vision_model.load_weights([(name, weights[name]) for name in needed], strict=False)
    return vision_model, True
