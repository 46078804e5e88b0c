"""Decoder-only embedding models, computed by mlx-lm's own classes without the head.

Attention is causal: padding after a text cannot change its hidden states, so no mask is needed.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx_lm.utils import _get_classes

from muster_runner.failures import Unsupported
from muster_runner.model.part import Part
from muster_runner.model.weights import open_model


def _headless(model_class: Any) -> Any:
    class Headless(model_class):
        def sanitize(self, weights: dict[str, mx.array]) -> dict[str, mx.array]:
            """Drops the head, and adds the ``model.`` prefix that models saved without a head lack."""
            if not any(name.startswith("model.") for name in weights):
                weights = {f"model.{name}": value for name, value in weights.items()}
            return super().sanitize({name: value for name, value in weights.items() if not name.startswith("lm_head.")})

    return Headless


def open_decoder(directory: Path, config: dict[str, Any], part: Part) -> Any:
    """Opens the model with its weights unread; its ``model`` returns hidden states.

    Raises ModelFileError and Unsupported.
    """
    if config.get("is_causal") is False or config.get("use_bidirectional_attention") is True:
        raise Unsupported("this model uses bidirectional attention, which mlx-lm does not compute")

    def classes(config: dict[str, Any]) -> tuple[Any, Any]:
        model_class, arguments = _get_classes(config)
        return _headless(model_class), arguments

    # With a tied head mlx-lm expects no head weights.
    model, _ = open_model(directory, {**config, "tie_word_embeddings": True}, part, classes)
    return model
