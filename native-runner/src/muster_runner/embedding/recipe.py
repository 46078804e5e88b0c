"""Reads from the files of sentence-transformers how hidden states become vectors.

``modules.json`` lists the steps; the settings of a step are in the folder that it names. Without ``modules.json``
encoders use mean pooling, decoders the last token, and vectors are normalized.
Format: https://sbert.net/docs/package_reference/sentence_transformer/models.html
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muster_runner.embedding.kind import MODULES, is_decoder
from muster_runner.failures import Unsupported
from muster_runner.model.model_files import ModelFileError, read_json

# Pooling mode to its setting, in the order in which several modes are concatenated.
POOLING = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


@dataclass(frozen=True)
class Recipe:
    """``pooling``: keys of POOLING. ``max_tokens``: token limit of a text, if the files state one. ``prompts``: named
    prefixes that a client can select. ``pools_prompt``: whether the tokens of the prefix are pooled."""

    pooling: tuple[str, ...]
    normalize: bool = True
    max_tokens: int | None = None
    lower_case: bool = False
    prompts: dict[str, str] | None = None
    pools_prompt: bool = True


def _object(path: Path) -> dict[str, Any]:
    """Reads the object in a JSON file; empty if the file does not exist. Raises ModelFileError."""
    if not path.exists():
        return {}
    value = read_json(path)
    if not isinstance(value, dict):
        raise ModelFileError(f"{path.name} is damaged: it is not a JSON object")
    return value


def _modules(directory: Path) -> list[tuple[str, str]]:
    """Lists the kind and folder of each step, in order. Raises ModelFileError."""
    listed = read_json(directory / MODULES)
    try:
        return [(str(each["type"]).rsplit(".", 1)[-1], str(each["path"])) for each in listed]
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"{MODULES} is damaged: it does not list the steps with type and path") from error


def _pooling(directory: Path, folder: str) -> tuple[tuple[str, ...], bool]:
    """Reads the pooling modes, and whether the prefix is pooled. Raises ModelFileError and Unsupported."""
    path = directory / Path(folder).name / "config.json"
    settings = read_json(path)
    if not isinstance(settings, dict):
        raise ModelFileError(f"{folder}/config.json is damaged: it is not a JSON object")
    named = settings.get("pooling_mode")
    modes = (named,) if isinstance(named, str) else tuple(named or ())
    modes = modes or tuple(mode for mode, setting in POOLING.items() if settings.get(setting) is True)
    if not modes:
        raise ModelFileError(f"{folder}/config.json is damaged: it names no pooling mode")
    if unknown := [mode for mode in modes if mode not in POOLING]:
        raise Unsupported(f"{folder}/config.json asks for an unknown pooling mode: {unknown[0]}")
    return modes, settings.get("include_prompt") is not False


def read_recipe(directory: Path, config: dict[str, Any]) -> Recipe:
    """Reads the recipe. Raises ModelFileError, and Unsupported for steps that this runner lacks."""
    settings = _object(directory / "sentence_bert_config.json")
    longest = settings.get("max_seq_length")
    prompts = _object(directory / "config_sentence_transformers.json").get("prompts")
    common = {
        "max_tokens": longest if isinstance(longest, int) and longest > 0 else None,
        "lower_case": settings.get("do_lower_case") is True,
        "prompts": {name: text for name, text in (prompts or {}).items() if isinstance(text, str)},
    }
    if not (directory / MODULES).exists():
        return Recipe(pooling=("lasttoken",) if is_decoder(config) else ("mean",), **common)
    pooling: tuple[str, ...] | None = None
    pools_prompt, normalize = True, False
    for at, (kind, folder) in enumerate(_modules(directory)):
        match kind:
            case "Transformer" if at == 0 and folder == "":
                pass
            case "Pooling" if pooling is None:
                pooling, pools_prompt = _pooling(directory, folder)
            case "Normalize":
                normalize = True
            case _:
                raise Unsupported(f"{MODULES} has a step that this runner cannot compute: {kind} ({folder or '.'})")
    if pooling is None:
        raise Unsupported(f"{MODULES} has no Pooling, which makes one vector of a text's tokens")
    return Recipe(pooling=pooling, normalize=normalize, pools_prompt=pools_prompt, **common)
