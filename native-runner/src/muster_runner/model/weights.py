"""Opens a model with its weights still unread, and checks that all needed weights exist."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
from mlx.utils import tree_flatten
from mlx_lm.utils import _get_classes, load_model

from muster_runner.failures import Failure, Unsupported
from muster_runner.model.model_files import ModelFileError
from muster_runner.model.part import Part

Classes = Callable[[dict[str, Any]], tuple[Any, Any]]

_LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")


def needed_names(part: Part, names: set[str]) -> set[str]:
    """Returns the weight names that a rank with ``part`` of the model needs."""
    if not part.pipelined or part.group is None:
        return names
    last, first = part.group.rank == 0, part.group.rank == part.group.size - 1
    tied = not any(name.startswith("lm_head.") for name in names)

    def needed(name: str) -> bool:
        if layer := _LAYER.search(name):
            return part.start <= int(layer[1]) < part.end
        if ".embed_tokens." in name:
            return first or (last and tied)
        return last or not name.startswith(("lm_head.", "model.norm."))

    return {name for name in names if needed(name)}


def open_model(
    directory: Path, config: dict[str, Any], part: Part, classes: Classes = _get_classes
) -> tuple[Any, dict[str, Any]]:
    """Builds the whole model with lazy weights, and returns it with its configuration. Weights that ``part`` does not
    need may be missing: they are then random, and cost nothing unless evaluated. ``classes``: returns the classes of
    the model and its arguments for a configuration. Raises ModelFileError and Unsupported."""

    def checked_classes(config: dict[str, Any]) -> tuple[Any, Any]:
        model_class, arguments = classes(config)
        return _checked(model_class, part), arguments

    is_whole = part.group is None
    try:
        with _use_config(config):
            if is_whole:
                return load_model(directory, lazy=True, get_model_classes=classes)
            return load_model(directory, lazy=True, strict=False, get_model_classes=checked_classes)
    except SystemExit as error:
        # Some modules of mlx-lm need packages that it does not install, and call sys.exit without them.
        raise Unsupported(
            f"mlx-lm needs a package for the architecture {config['model_type']} that this runner lacks"
        ) from error
    except (ModelFileError, Failure, MemoryError, RuntimeError, OSError) as error:
        if "unsupported dtype" in str(error):
            raise Unsupported(f"mlx cannot read the model's weights: {error}") from error
        # Errors of other machines, memory or disks: the model is not damaged.
        raise
    except Exception as error:  # mlx-lm builds the model without checking the configuration first
        if _UNKNOWN_ARCHITECTURE.search(str(error)):
            raise Unsupported(
                f"this version of mlx-lm does not know the architecture {config['model_type']}"
            ) from error
        raise ModelFileError(_misfit(config, error)) from error


@contextmanager
def _use_config(config: dict[str, Any]) -> Iterator[None]:
    """Makes mlx-lm use this configuration. Its own reader fails on a byte order mark, and on a generation_config.json
    that is not an object."""
    original = mlx_lm.utils.load_config
    mlx_lm.utils.load_config = lambda _path: mlx_lm.utils._decode_tagged_floats(config)
    try:
        yield
    finally:
        mlx_lm.utils.load_config = original


_UNKNOWN_ARCHITECTURE = re.compile(r"^Model type .* not supported")
_MISSING_ARGUMENT = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)$")


def _misfit(config: dict[str, Any], error: Exception) -> str:
    """Describes why building the model failed, with the field of config.json if known."""
    if isinstance(error, TypeError) and (missing := _MISSING_ARGUMENT.search(str(error))):
        return f"config.json lacks {missing[1]}, which a {config['model_type']} model must state"
    return f"config.json does not fit the model's weights: {error}"


def _checked(model_class: Any, part: Part) -> Callable[[Any], Any]:
    """Derives a model class that accepts exactly the weights that ``part`` needs."""

    class Checked(model_class):
        def load_weights(self, weights: Any, strict: bool = True) -> Any:
            parameters = dict(tree_flatten(self.parameters()))
            given = dict(weights)
            if missing := sorted(needed_names(part, set(parameters)) - set(given)):
                raise ModelFileError(
                    f"the model's files lack {len(missing)} weights of layers {part.start} to {part.end - 1}, "
                    f"the first of them {missing[0]}"
                )
            for name, value in given.items():
                if name not in parameters or parameters[name].shape != value.shape:
                    if name in parameters and name not in needed_names(part, set(parameters)):
                        continue
                    raise ValueError(
                        f"{name} has no place in the model" if name not in parameters else f"{name} has the wrong shape"
                    )
            return super().load_weights(weights, strict=False)

    return Checked


def damaged(directory: Path) -> str | None:
    """Returns the first file and tensor with NaN, infinity or only zeros; None if there is none. Reads all weights:
    call it only after a failure."""
    empty = None
    for path in sorted(directory.glob("model*.safetensors")):
        for name, values in mx.load(str(path)).items():
            if not mx.issubdtype(values.dtype, mx.floating):
                continue
            if not mx.all(mx.isfinite(values)).item():
                return f"{path.name} ({name})"
            if values.ndim > 1 and not mx.any(values).item():
                empty = empty or f"{path.name} ({name})"
            mx.clear_cache()
    return empty
