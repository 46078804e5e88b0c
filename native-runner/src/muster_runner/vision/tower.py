"""Vision towers: mlx-vlm's, combined with the language model that mlx-lm loaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.model.model_files import ModelFileError
from muster_runner.tokenization.encoder_messages import Pictured
from muster_runner.vision.deepstack import Deepstack
from muster_runner.vision.keys import prompt_keys, runs_of
from muster_runner.vision.library import family
from muster_runner.vision.picture_masks import PictureMasks
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.positions import Positions, use_positions
from muster_runner.vision.span import Span
from muster_runner.vision.tower_weights import LANGUAGE, build


@dataclass(frozen=True)
class Changes:
    """What of a language model was changed for its vision tower; None: nothing.

    ``embed``: embeddings as mlx-vlm's model has them. ``scaled``: a span in which these need no further scaling.
    """

    embed: Callable[[mx.array], mx.array]
    scaled: Span | None
    positions: Positions | None
    deepstack: Deepstack | None
    masks: PictureMasks | None


class Tower:
    """``vision_model``: mlx-vlm's model, its language part reduced to the token embeddings."""

    def __init__(self, vision_model: Any, changes: Changes):
        self._vision_model, self._changes = vision_model, changes

    def prompt(self, pictured: Pictured) -> PicturePrompt:
        """Encodes the pictures of a prompt. Raises arbitrary exceptions for arrays that do not fit the network."""
        tokens = mx.array([pictured.tokens])
        arrays = {name: _as_array(value) for name, value in pictured.arrays.items()}
        # The padding mask of processors; a single prompt has no padding.
        arrays["mask"] = mx.ones_like(tokens)
        seen = self._vision_model.get_input_embeddings(tokens, **arrays)
        positions, features = seen.position_ids, seen.deepstack_visual_embeds
        shift = 0 if positions is None else int(positions.max().item()) + 1 - tokens.size
        mx.eval([value for value in (seen.inputs_embeds, positions, features) if value is not None])
        if not mx.all(mx.isfinite(seen.inputs_embeds)).item():
            raise ValueError("the model sees no numbers in them")
        runs = runs_of(pictured.tokens, pictured.token)
        changes, spans = self._changes, []
        if changes.scaled is not None:
            spans.append(changes.scaled)
        if changes.positions is not None and positions is not None:
            spans.append(changes.positions.span(positions, shift, seen.inputs_embeds))
        if changes.deepstack is not None and features is not None:
            places = [place for first, last in runs for place in range(first, last)]
            spans.append(changes.deepstack.span(list(features), places))
        if changes.masks is not None:
            spans.append(changes.masks.span(runs, tokens.size))
        blocks = runs if changes.masks is not None else []
        keys = prompt_keys(pictured.tokens, pictured.token, pictured.hashes, pictured.end)
        return PicturePrompt(keys, seen.inputs_embeds, changes.embed, spans, shift, blocks)


def _as_array(value: Any) -> mx.array | list[mx.array]:
    return [mx.array(part) for part in value] if isinstance(value, list) else mx.array(value)


def open_tower(directory: Path, config: dict[str, Any], model: Any) -> Tower | None:
    """Loads the vision tower and changes ``model``, mlx-lm's, where pictures need it (``Changes``).

    Returns None if the weights have no tower: some conversions keep only the language model. Raises ModelFileError and
    Failure.
    """
    module = family(config["model_type"])
    try:
        vision_model, has_weights = build(module, directory, config)
    except (MemoryError, OSError, ModelFileError):
        raise
    except Exception as error:  # mlx-vlm builds the tower without checking the configuration first
        raise ModelFileError(f"config.json does not fit the model's vision tower: {error}", "unsupported") from error
    if not has_weights:
        return None
    language, theirs = model.language_model.model, vision_model.language_model.model
    changes = _change(model, language, vision_model)
    # Its own language part is never used: drop it before its weights are read.
    theirs.layers, theirs.embed_tokens = [], language.embed_tokens
    mx.eval([value for name, value in tree_flatten(vision_model.parameters()) if not name.startswith(LANGUAGE)])
    return Tower(vision_model, changes)


def _change(model: Any, language: Any, vision_model: Any) -> Changes:
    embed, scaled = language.embed_tokens, None
    if (scale := getattr(vision_model.language_model.model, "embed_scale", None)) is not None:
        # Both libraries' Gemma 4 scale embeddings, mlx-lm's also those that it is given.
        embed, scaled = (lambda tokens: language.embed_tokens(tokens) * scale), _unscaled(language)
    indexes = getattr(vision_model.config.vision_config, "deepstack_visual_indexes", None)
    attends = getattr(vision_model.config.text_config, "use_bidirectional_attention", None)
    return Changes(
        embed=embed,
        scaled=scaled,
        positions=use_positions(model, language, vision_model.language_model.model),
        deepstack=Deepstack(language, len(indexes)) if indexes else None,
        masks=PictureMasks(language) if attends == "vision" else None,
    )


def _unscaled(language: Any) -> Span:
    @contextmanager
    def at(_start: int, _end: int) -> Iterator[None]:
        scale, language.embed_scale = language.embed_scale, 1.0
        try:
            yield
        finally:
            language.embed_scale = scale

    return at
