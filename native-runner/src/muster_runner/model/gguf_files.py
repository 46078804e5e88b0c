"""Shared by the conversions from GGUF files: weight names, checksums and the command."""

import argparse
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx

from muster_runner.device import has_gpu

# GGUF's names of a Llama-like model's weights to Hugging Face's.
_LAYER_PARTS = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP_PARTS = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


class ConversionError(Exception):
    """The source file is not the expected one; the message says why."""


def hugging_face_name(part: str) -> str:
    """``blk.0.attn_q`` → ``model.layers.0.self_attn.q_proj``."""
    if part in _TOP_PARTS:
        return _TOP_PARTS[part]
    _, layer, name = part.split(".", 2)
    return f"model.layers.{layer}.{_LAYER_PARTS[name]}"


def check_digest(file: Path, digest: str) -> None:
    """Checks the file's SHA-256. Raises ConversionError if it differs, OSError if the file is unreadable."""
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != digest:
        raise ConversionError(f"{file.name} is not the file that was expected: its SHA-256 is {found}")


def joined_pieces(source: Path, pattern: str, folder: Path) -> Path:
    """Returns a GGUF file: ``source`` itself, or joined in ``folder`` from the pieces in it that match ``pattern``.
    Raises ConversionError if there are none, OSError."""
    if source.is_file():
        return source
    pieces = sorted(source.glob(pattern))
    if not pieces:
        raise ConversionError(f"{source} holds no piece of the model ({pattern})")
    target = folder / "model.gguf"
    with target.open("wb") as joined:
        for piece in pieces:
            with piece.open("rb") as opened:
                shutil.copyfileobj(opened, joined)
    return target


def run_conversion(
    convert: Callable[[Path, Path, mx.Dtype], None], module: str, description: str | None, gpu_dtype: str
) -> None:
    """The command of a conversion, ``SOURCE OUT [--dtype …]``. The default dtype is 32 bits on a CPU, which computes
    it fastest, and ``gpu_dtype`` (16 bits) on a GPU, which then reads half as much. Exits with 1 and the reason if the
    source is not the expected file or cannot be read."""
    fastest = gpu_dtype if has_gpu() else "float32"
    parser = argparse.ArgumentParser(prog=f"muster_runner.model.{module}", description=description)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", default=fastest, choices=["float16", "bfloat16", "float32"])
    arguments = parser.parse_args()
    try:
        convert(arguments.source, arguments.out, getattr(mx, arguments.dtype))
    except (ConversionError, OSError) as error:
        parser.exit(1, f"{error}\n")
