"""Pools the hidden states of a text's tokens into one vector."""

import mlx.core as mx

from muster_runner.embedding.recipe import Recipe

# As in PyTorch's ``normalize``: a zero vector stays zero.
MIN_NORM = 1e-12


def pooled(hidden: mx.array, lengths: mx.array, modes: tuple[str, ...]) -> mx.array:
    """Pools by each mode and concatenates the results: (texts, modes * width).

    ``hidden``: (texts, tokens, width), padded after each text's length.
    """
    hidden = hidden.astype(mx.float32)
    parts = [_pooled(hidden, lengths, mode) for mode in modes]
    return parts[0] if len(parts) == 1 else mx.concatenate(parts, axis=-1)


def _pooled(hidden: mx.array, lengths: mx.array, mode: str) -> mx.array:
    positions = mx.arange(hidden.shape[1])
    is_text = (positions[None] < lengths[:, None])[..., None]
    # Not a multiplication: NaN or infinity at a padded position would survive it.
    kept = mx.where(is_text, hidden, 0)
    count = lengths[:, None].astype(mx.float32)
    match mode:
        case "cls":
            return hidden[:, 0]
        case "lasttoken":
            return mx.take_along_axis(hidden, (lengths - 1)[:, None, None], axis=1)[:, 0]
        case "max":
            return mx.max(mx.where(is_text, hidden, -mx.inf), axis=1)
        case "mean":
            return mx.sum(kept, axis=1) / count
        case "mean_sqrt_len_tokens":
            return mx.sum(kept, axis=1) / mx.sqrt(count)
        case "weightedmean":
            weights = (positions + 1).astype(mx.float32)[None, :, None]
            return mx.sum(kept * weights, axis=1) / (count * (count + 1) / 2)
    raise ValueError(mode)


def unit(vectors: mx.array) -> mx.array:
    """Normalizes each vector to length 1."""
    return vectors / mx.maximum(mx.linalg.norm(vectors, axis=-1, keepdims=True), MIN_NORM)


def vectors_of(hidden: mx.array, lengths: mx.array, recipe: Recipe) -> mx.array:
    """Pools and normalizes as the recipe says: (texts, width) in float32."""
    vectors = pooled(hidden, lengths, recipe.pooling)
    return unit(vectors) if recipe.normalize else vectors
