"""What looks at pictures: mlx-vlm's tower of a model's family, beside the language model that mlx-lm loaded."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from muster_runner.encoder_messages import Pictured
from muster_runner.model_files import ModelFileError
from muster_runner.vision.keys import prompt_keys
from muster_runner.vision.library import family
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.places import PlacedRope, Places

LANGUAGE = "language_model."


class Tower:
    """``seeing``: mlx-vlm's model, whose language part has nothing but the embeddings of tokens."""

    def __init__(self, seeing: Any, embed: Any):
        self._seeing, self._embed = seeing, embed

    def prompt(self, pictured: Pictured) -> PicturePrompt:
        """Looks at the pictures of a prompt. Raises whatever a network raises for arrays that it was not made for."""
        tokens = mx.array([pictured.tokens])
        arrays = {name: mx.array(value) for name, value in pictured.arrays.items()}
        # What processors say of padding, of which one prompt alone has none.
        arrays["mask"] = mx.ones_like(tokens)
        seen = self._seeing.get_input_embeddings(tokens, **arrays)
        positions = getattr(seen, "position_ids", None)
        shift = 0 if positions is None else int(positions.max().item()) + 1 - tokens.size
        mx.eval([value for value in (seen.inputs_embeds, positions) if value is not None])
        if not mx.all(mx.isfinite(seen.inputs_embeds)).item():
            raise ValueError("the model sees no numbers in them")
        keys = prompt_keys(pictured.tokens, pictured.token, pictured.hashes)
        return PicturePrompt(keys, seen.inputs_embeds, self._embed, positions, shift)


def open_tower(directory: Path, config: dict[str, Any], model: Any) -> Tower | None:
    """Loads the tower beside ``model``, mlx-lm's, whose attention then minds the places of pictures. None where the
    weights have none: some conversions keep the language model alone. Raises ModelFileError and Failure."""
    module = family(config["model_type"])
    try:
        seeing, weights = _built(module, directory, config)
    except (MemoryError, OSError, ModelFileError):
        raise
    except Exception as error:  # mlx-vlm builds the tower without checking the configuration first
        raise ModelFileError(f"config.json does not fit the model's vision tower: {error}", "unsupported") from error
    if not weights:
        return None
    language = model.language_model.model
    if (rotary := getattr(seeing.language_model.layers[0].self_attn, "rotary_emb", None)) is not None:
        _place(model, language, Places(rotary, _rotate(module)))
    # The language part of its own is never computed with, and is freed unread.
    seeing.language_model.model.layers = []
    seeing.language_model.model.embed_tokens = language.embed_tokens
    mx.eval([value for name, value in tree_flatten(seeing.parameters()) if not name.startswith(LANGUAGE)])
    return Tower(seeing, language.embed_tokens)


def _built(module: Any, directory: Path, config: dict[str, Any]) -> tuple[Any, dict[str, mx.array]]:
    """The family's model with its tower's weights, unread, and these."""
    config = deepcopy(config)
    text = config.setdefault("text_config", config)
    arguments = module.ModelConfig.from_dict(config)
    arguments.vision_config = module.VisionConfig.from_dict(config["vision_config"])
    arguments.text_config = module.TextConfig.from_dict(text)
    seeing = module.Model(arguments)
    weights: dict[str, mx.array] = {}
    for path in sorted(directory.glob("model*.safetensors")):
        weights |= mx.load(str(path))
    for part, settings in ((seeing, None), (module.VisionModel, arguments.vision_config)):
        if hasattr(part, "sanitize"):
            weights = (part if settings is None else part(settings)).sanitize(weights)
    weights = {name: value for name, value in weights.items() if not name.startswith(LANGUAGE)}
    if not any(name.startswith("vision") for name in weights):
        return seeing, {}
    if (quantization := config.get("quantization")) is not None:
        nn.quantize(
            seeing,
            group_size=quantization["group_size"],
            bits=quantization["bits"],
            mode=quantization.get("mode", "affine"),
            class_predicate=lambda path, _part: f"{path}.scales" in weights,
        )
    needed = {name: value for name, value in tree_flatten(seeing.parameters()) if not name.startswith(LANGUAGE)}
    for name, value in needed.items():
        if name not in weights:
            raise ModelFileError(f"the model's files lack {name}, a weight of its vision tower")
        if weights[name].shape != value.shape:
            raise ModelFileError(f"{name} has the shape {weights[name].shape} in the files, not {value.shape}")
    seeing.load_weights([(name, weights[name]) for name in needed], strict=False)
    return seeing, weights


def _rotate(module: Any) -> Any:
    apply = module.language.apply_multimodal_rotary_pos_emb
    # It rotates queries and keys together; what nobody asks for is not computed.
    return lambda x, cosines, sines: apply(x, x, cosines, sines)[0]


def _place(model: Any, language: Any, places: Places) -> None:
    model.places = places
    for layer in language.layers:
        layer.self_attn.rope = PlacedRope(layer.self_attn.rope, places)
