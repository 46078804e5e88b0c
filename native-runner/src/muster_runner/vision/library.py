"""Imports mlx-vlm's models without its server, audio and data set dependencies."""

import importlib
import importlib.util
import os
import sys
import types
from typing import Any

from muster_runner.failures import Failure
from muster_runner.vision.kind import PROCESSORS


def family(name: str) -> Any:
    """Imports the package of an architecture. Raises Failure if mlx-vlm is not installed."""
    _stub_package()
    try:
        return importlib.import_module(f"mlx_vlm.models.{name}")
    except ImportError as error:
        raise Failure(f"the Python environment is incomplete: {error}; run the set-up again", "environment") from error


def processor(name: str) -> Any:
    """Imports the class of an architecture's image processor. Raises as ``family``."""
    package, module, kind = PROCESSORS[name].split(".")
    family(package)
    return getattr(importlib.import_module(f"mlx_vlm.models.{package}.{module}"), kind)


def _stub_package() -> None:
    """Replaces ``mlx_vlm/__init__``, which imports everything; the models do not need it."""
    if "mlx_vlm" in sys.modules:
        return
    # Silences transformers' warning about a missing PyTorch, and forbids downloads.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    spec = importlib.util.find_spec("mlx_vlm")
    if spec is None or spec.submodule_search_locations is None:
        raise Failure("the Python environment is incomplete: mlx-vlm is missing; run the set-up again", "environment")
    package = types.ModuleType("mlx_vlm")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules["mlx_vlm"] = package
