"""Vision towers: mlx-vlm's, combined with the language model that mlx-lm loaded."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.model.model_files import ModelFileError
from muster_runner.tokenization.encoder_messages import Pictured
from muster_runner.vision.deepstack import Deepstack
from muster_runner.vision.keys import by_picture, prompt_keys, runs_of
from muster_runner.vision.library import family
from muster_runner.vision.picture_masks import PictureMasks
from muster_runner.vision.picture_prompt import PicturePrompt
from muster_runner.vision.positions import Positions, use_positions
from muster_runner.vision.span import Span
from muster_runner.vision.tower_weights import LANGUAGE, build
from muster_runner.vision.wrapped import Counted

# The last part of a vision tower: the first of these that mlx-vlm's model has.
LAST_PARTS = ("embed_vision", "multi_modal_projector", "vision_tower")
# How mlx-vlm's configurations name the placeholder.
PLACEHOLDERS = ("image_token_id", "image_token_index")
# An array that Pixtral's towers have, whose attention masks are the square of all patches that they are given: several
# large pictures at once would take tens of gigabytes.
ALONE = "image_sizes"


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
        last = next(name for name in LAST_PARTS if name in vision_model)
        self._counted = Counted(vision_model[last])
        setattr(vision_model, last, self._counted)
        named = [getattr(vision_model.config, name, None) for name in PLACEHOLDERS]
        self._tokens = {token for token in named if token is not None}

    def prompt(self, pictured: Pictured) -> PicturePrompt:
        """Encodes the pictures of a prompt. Raises arbitrary exceptions for arrays that do not fit the network."""
        # For a misfit of placeholders or vectors most of mlx-vlm's models leave pictures out, or parts of them.
        if self._tokens != {pictured.token}:
            raise ValueError(f"the placeholder of config.json is not that of the tokenizer, {pictured.token}")
        if pictured.tokens[-1] == pictured.token:
            raise ValueError("the chat template writes nothing after a picture")
        arrays = {name: _as_array(value) for name, value in pictured.arrays.items()}
        try:
            seen = self._by_picture(pictured, arrays) if ALONE in arrays else self._seen(pictured.tokens, arrays)
        except (ValueError, TypeError, IndexError) as error:
            raise ValueError(f"the image processor's settings do not fit the vision tower: {error}") from error
        length = len(pictured.tokens)
        # A tower of another dtype must not change that of the KV cache.
        embeddings = seen.inputs_embeds.astype(self._changes.embed(mx.array([[0]])).dtype)
        positions, features = seen.position_ids, list(seen.deepstack_visual_embeds or [])
        shift = 0 if positions is None else int(positions.max().item()) + 1 - length
        mx.eval(embeddings, features)
        if not all(mx.all(mx.isfinite(array)).item() for array in (embeddings, *features)):
            raise ValueError("the model sees no numbers in them")
        runs = runs_of(pictured.tokens, pictured.token)
        changes, spans = self._changes, []
        if changes.scaled is not None:
            spans.append(changes.scaled)
        if changes.positions is not None and positions is not None:
            spans.append(changes.positions.span(positions, shift, embeddings))
        if changes.deepstack is not None:
            places = [place for first, last in runs for place in range(first, last)]
            spans.append(changes.deepstack.span(features, places))
        if changes.masks is not None:
            spans.append(changes.masks.span(runs, length))
        blocks = runs if changes.masks is not None else []
        keys = prompt_keys(pictured.tokens, pictured.token, pictured.hashes, pictured.end)
        return PicturePrompt(keys, embeddings, changes.embed, spans, shift, blocks)

    def _seen(self, tokens: Sequence[int], arrays: dict[str, Any]) -> Any:
        """Returns what mlx-vlm's model gives its language model for tokens with pictures."""
        batch = mx.array([tokens])
        # The mask is that of processors for padding; a single prompt has none.
        seen = self._vision_model.get_input_embeddings(batch, **arrays, mask=mx.ones_like(batch))
        places = sum(token in self._tokens for token in tokens)
        if self._counted.vectors != places:
            raise ValueError(f"{self._counted.vectors} vectors for {places} placeholders")
        return seen

    def _by_picture(self, pictured: Pictured, arrays: dict[str, Any]) -> Any:
        """Returns the same as ``_seen``, with each picture encoded alone."""
        parts = by_picture(pictured.tokens, runs_of(pictured.tokens, pictured.token), pictured.end)
        if len(parts) != len(arrays[ALONE]):
            raise ValueError(f"{len(arrays[ALONE])} pictures in {len(parts)} places")
        embeddings = self._changes.embed(mx.array([pictured.tokens]))
        for at, runs in enumerate(parts):
            own = {name: value[at : at + 1] for name, value in arrays.items()}
            places = [place for first, last in runs for place in range(first, last)]
            seen = self._seen([pictured.token] * len(places), own)
            embeddings[0, mx.array(places)] = seen.inputs_embeds[0].astype(embeddings.dtype)
            mx.eval(embeddings)
        return replace(seen, inputs_embeds=embeddings)


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
    attends = getattr(vision_model.config.text_config, "use_bidirectional_attention", None)
    return Changes(
        embed=embed,
        scaled=scaled,
        positions=use_positions(model, language, vision_model.language_model.model),
        deepstack=_deepstack(language, vision_model),
        masks=PictureMasks(language) if attends == "vision" else None,
    )


def _deepstack(language: Any, vision_model: Any) -> Deepstack | None:
    indexes = getattr(vision_model.config.vision_config, "deepstack_visual_indexes", None)
    if not indexes:
        return None
    known = set(indexes) & set(range(len(vision_model.vision_tower.blocks)))
    if not len(known) == len(indexes) <= len(language.layers):
        what = f"config.json does not fit the model's vision tower: deepstack_visual_indexes is {indexes}"
        raise ModelFileError(what, "unsupported")
    return Deepstack(language, len(indexes))


def _unscaled(language: Any) -> Span:
    @contextmanager
    def at(_start: int, _end: int) -> Iterator[None]:
        scale, language.embed_scale = language.embed_scale, 1.0
        try:
            yield
        finally:
            language.embed_scale = scale

    return at
