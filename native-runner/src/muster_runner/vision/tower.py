"""Vision towers: mlx-vlm's, combined with the language model that mlx-lm loaded."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten

from muster_runner.model.model_files import ModelFileError
from muster_runner.tokenization.encoder_messages import Picture, Pictured
from muster_runner.vision.deepstack import Deepstack
from muster_runner.vision.keys import prompt_keys, runs_of
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
# An array that Qwen's towers have, by which their language models tell the positions of tokens.
GRID = "image_grid_thw"


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

    def begin(self, pictured: Pictured) -> "PictureEncoding":
        """Begins to encode the pictures of a prompt. Raises ValueError for a prompt that does not fit the network."""
        # For a misfit of placeholders or vectors most of mlx-vlm's models leave pictures out, or parts of them.
        if self._tokens != {pictured.token}:
            raise ValueError(f"the placeholder of config.json is not that of the tokenizer, {pictured.token}")
        if pictured.tokens[-1] == pictured.token:
            raise ValueError("the chat template writes nothing after a picture")
        return PictureEncoding(self, pictured)

    def seen(self, tokens: Sequence[int], picture: Picture) -> tuple[mx.array, list[mx.array]]:
        """Encodes a picture. ``tokens``: its part of the prompt. Returns the embeddings (1, tokens, width), and the
        features of ``Deepstack``. Raises arbitrary exceptions for arrays that do not fit the network."""
        batch = mx.array([tokens])
        arrays = {name: mx.array(value) for name, value in picture.arrays.items()}
        try:
            # The mask is that of processors for padding; a single prompt has none.
            seen = self._vision_model.get_input_embeddings(batch, **arrays, mask=mx.ones_like(batch))
            if self._counted.vectors != picture.places:
                raise ValueError(f"{self._counted.vectors} vectors for {picture.places} placeholders")
        except (ValueError, TypeError, IndexError) as error:
            raise ValueError(f"the image processor's settings do not fit the vision tower: {error}") from error
        # A tower of another dtype must not change that of the KV cache.
        embeddings = seen.inputs_embeds.astype(self._changes.embed(mx.array([[0]])).dtype)
        features = list(seen.deepstack_visual_embeds or [])
        mx.eval(embeddings, features)
        if not all(mx.all(mx.isfinite(array)).item() for array in (embeddings, *features)):
            raise ValueError("the model sees no numbers in them")
        return embeddings, features

    def prompt(
        self,
        pictured: Pictured,
        vectors: Sequence[mx.array],
        features: Sequence[Sequence[mx.array]],
        grids: Sequence[mx.array],
    ) -> PicturePrompt:
        """Puts a prompt together, of whose pictures each has its ``vectors``, its ``features`` of ``Deepstack``, by
        layer, and its grid, if the family has grids."""
        runs, length = runs_of(pictured.tokens, pictured.token), len(pictured.tokens)
        places = [place for first, last in runs for place in range(first, last)]
        embeddings = self._changes.embed(mx.array([pictured.tokens]))
        embeddings[0, mx.array(places)] = mx.concatenate(vectors)
        positions = self._positions(pictured.tokens, grids)
        shift = 0 if positions is None else int(positions.max().item()) + 1 - length
        mx.eval(embeddings)
        changes, spans = self._changes, []
        if changes.scaled is not None:
            spans.append(changes.scaled)
        if changes.positions is not None and positions is not None:
            spans.append(changes.positions.span(positions, shift, embeddings))
        if changes.deepstack is not None:
            layers = [mx.concatenate(layer) for layer in zip(*features, strict=True)]
            mx.eval(layers)
            spans.append(changes.deepstack.span(layers, places))
        if changes.masks is not None:
            spans.append(changes.masks.span(runs, length))
        blocks = runs if changes.masks is not None else []
        keys = prompt_keys(pictured.tokens, pictured.token, pictured.hashes, pictured.end)
        return PicturePrompt(keys, embeddings, changes.embed, spans, shift, blocks)

    def _positions(self, tokens: Sequence[int], grids: Sequence[mx.array]) -> mx.array | None:
        """Returns the positions (3, 1, tokens) of a prompt; None if they are plain token counts."""
        if not grids:
            return None
        batch = mx.array([tokens])
        language = self._vision_model.language_model
        found, _ = language.get_rope_index(batch, mx.concatenate(grids), None, mx.ones_like(batch))
        return found


class PictureEncoding:
    """The pictures of a prompt, which are encoded one after the other: each may take seconds, in which nothing else is
    computed. All at once would take more memory too: the attention masks of Pixtral's towers are the square of all
    patches that they are given."""

    def __init__(self, tower: Tower, pictured: Pictured):
        places = [place for place, token in enumerate(pictured.tokens) if token == pictured.token]
        counts = [picture.places for picture in pictured.pictures]
        if sum(counts) != len(places) or 0 in counts:
            raise ValueError(f"pictures of {counts} vectors for {len(places)} placeholders")
        self._tower = tower
        # Their arrays take far more memory than their vectors, and are dropped one after the other.
        self._left = deque(pictured.pictures)
        self._pictured = replace(pictured, pictures=[])
        self._places = deque(places)
        self._grids = [mx.array(each.arrays[GRID]) for each in pictured.pictures if GRID in each.arrays]
        self._vectors: list[mx.array] = []
        self._features: list[list[mx.array]] = []

    @property
    def is_done(self) -> bool:
        return not self._left

    def advance(self) -> None:
        """Encodes the next picture. Raises arbitrary exceptions for arrays that do not fit the network."""
        picture = self._left.popleft()
        places = [self._places.popleft() for _ in range(picture.places)]
        tokens, first = self._pictured.tokens, places[0]
        # mlx-vlm's Qwen finds pictures by the token before them.
        if first > 0 and tokens[first - 1] != self._pictured.token:
            first -= 1
        embeddings, features = self._tower.seen(tokens[first : places[-1] + 1], picture)
        self._vectors.append(embeddings[0, mx.array(places) - first])
        self._features.append(features)
        mx.eval(self._vectors[-1])

    def prompt(self) -> PicturePrompt:
        """Returns the prompt, once all pictures are encoded."""
        return self._tower.prompt(self._pictured, self._vectors, self._features, self._grids)


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
