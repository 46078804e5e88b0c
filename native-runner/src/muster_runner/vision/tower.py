"""Vision towers: mlx-vlm's, combined with the language model that mlx-lm loaded."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from muster_runner.model.model_files import ModelFileError
from muster_runner.tokenization.encoder_messages import Pictured
from muster_runner.vision.keys import prompt_keys
from muster_runner.vision.library import family
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.positions import PositionedRope, Positions

LANGUAGE = "language_model."


class Tower:
    """``vision_model``: mlx-vlm's model, its language part reduced to the token embeddings."""

    def __init__(self, vision_model: Any, embed: Any):
        self._vision_model, self._embed = vision_model, embed

    def prompt(self, pictured: Pictured) -> PicturePrompt:
        """Encodes the pictures of a prompt. Raises arbitrary exceptions for arrays that do not fit the network."""
        tokens = mx.array([pictured.tokens])
        arrays = {name: mx.array(value) for name, value in pictured.arrays.items()}
        # The padding mask of processors; a single prompt has no padding.
        arrays["mask"] = mx.ones_like(tokens)
        seen = self._vision_model.get_input_embeddings(tokens, **arrays)
        positions = getattr(seen, "position_ids", None)
        shift = 0 if positions is None else int(positions.max().item()) + 1 - tokens.size
        mx.eval([value for value in (seen.inputs_embeds, positions) if value is not None])
        if not mx.all(mx.isfinite(seen.inputs_embeds)).item():
            raise ValueError("the model sees no numbers in them")
        keys = prompt_keys(pictured.tokens, pictured.token, pictured.hashes)
        return PicturePrompt(keys, seen.inputs_embeds, self._embed, positions, shift)


def open_tower(directory: Path, config: dict[str, Any], model: Any) -> Tower | None:
    """Loads the vision tower and makes the attention of ``model``, mlx-lm's, use picture positions (``Positions``).

    Returns None if the weights have no tower: some conversions keep only the language model. Raises ModelFileError and
    Failure.
    """
    module = family(config["model_type"])
    try:
        vision_model, weights = _built(module, directory, config)
    except (MemoryError, OSError, ModelFileError):
        raise
    except Exception as error:  # mlx-vlm builds the tower without checking the configuration first
        raise ModelFileError(f"config.json does not fit the model's vision tower: {error}", "unsupported") from error
    if not weights:
        return None
    language = model.language_model.model
    if (rotary := getattr(vision_model.language_model.layers[0].self_attn, "rotary_emb", None)) is not None:
        _use_positions(model, language, Positions(rotary, _rotate(module)))
    # Its own language part is never used: drop it before its weights are read.
    vision_model.language_model.model.layers = []
    vision_model.language_model.model.embed_tokens = language.embed_tokens
    mx.eval([value for name, value in tree_flatten(vision_model.parameters()) if not name.startswith(LANGUAGE)])
    return Tower(vision_model, language.embed_tokens)


def _built(module: Any, directory: Path, config: dict[str, Any]) -> tuple[Any, dict[str, mx.array]]:
    """Builds mlx-vlm's model with the weights of its tower, still unread. Returns both; no weights: no tower."""
    config = deepcopy(config)
    text = config.setdefault("text_config", config)
    arguments = module.ModelConfig.from_dict(config)
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(text)
    vision_model = module.Model(arguments)
    weights: dict[str, mx.array] = {}
    for path in sorted(directory.glob("model*.safetensors")):
        weights |= mx.load(str(path))
    for part, settings in ((vision_model, None), (module.VisionModel, arguments.vision_config)):
        if hasattr(part, "sanitize"):
            weights = (part if settings is None else part(settings)).sanitize(weights)
    weights = {name: value for name, value in weights.items() if not name.startswith(LANGUAGE)}
    if not any(name.startswith("vision") for name in weights):
        return vision_model, {}
    if (quantization := config.get("quantization")) is not None:
        nn.quantize(
            vision_model,
            group_size=quantization["group_size"],
            bits=quantization["bits"],
            mode=quantization.get("mode", "affine"),
            class_predicate=lambda path, _part: f"{path}.scales" in weights,
        )
    needed = {name: value for name, value in tree_flatten(vision_model.parameters()) if not name.startswith(LANGUAGE)}
    for name, value in needed.items():
        if name not in weights:
            raise ModelFileError(f"the model's files lack {name}, a weight of its vision tower")
        if weights[name].shape != value.shape:
            raise ModelFileError(f"{name} has the shape {weights[name].shape} in the files, not {value.shape}")
    vision_model.load_weights([(name, weights[name]) for name in needed], strict=False)
    return vision_model, weights


def _rotate(module: Any) -> Any:
    apply = module.language.apply_multimodal_rotary_pos_emb
    # It rotates queries and keys together; the second result is lazy and never evaluated.
    return lambda x, cosines, sines: apply(x, x, cosines, sines)[0]


def _use_positions(model: Any, language: Any, positions: Positions) -> None:
    model.positions = positions
    for layer in language.layers:
        layer.self_attn.rope = PositionedRope(layer.self_attn.rope, positions)
