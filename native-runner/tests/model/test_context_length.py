"""The context length: from config.json, else the default of mlx-lm's arguments class."""

from mlx_lm.utils import _get_classes
from tiny_architectures import configurations, made

from muster_runner.model.loading import context_of


def test_a_configuration_without_a_context_length_uses_the_default_of_its_class() -> None:
    (config, *_) = configurations("gemma3")
    config["text_config"].pop("max_position_embeddings", None)
    assert context_of(made(config), config) == 32768
    _, arguments = _get_classes({"model_type": "gemma3_text"})
    assert arguments.max_position_embeddings == 32768


def test_the_configurations_context_length_takes_precedence() -> None:
    (config, *_) = configurations("gemma3")
    config["text_config"]["max_position_embeddings"] = 1000
    assert context_of(made(config), config) == 1000
    assert context_of(made(config), {**config, "max_position_embeddings": 900}) == 900


def test_a_model_without_any_context_length_has_none() -> None:
    assert context_of(object(), {"model_type": "llama"}) is None
    assert context_of(object(), {"model_type": "llama", "text_config": "odd"}) is None


def test_what_is_no_length_is_passed_over() -> None:
    for odd in (True, False, 0, -1, 2**53, 64.5, "2048", [2048], None):
        assert context_of(object(), {"model_type": "llama", "max_position_embeddings": odd, "n_positions": 512}) == 512
