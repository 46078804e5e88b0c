"""What all conversions from GGUF files need to know."""

import hashlib
from pathlib import Path

# GGUF's names for the parts of a Llama-like model, and Hugging Face's.
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
    """The source is not what was expected; the message says how."""


def hugging_face_name(part: str) -> str:
    """``blk.0.attn_q`` → ``model.layers.0.self_attn.q_proj``."""
    if part in _TOP_PARTS:
        return _TOP_PARTS[part]
    _, layer, name = part.split(".", 2)
    return f"model.layers.{layer}.{_LAYER_PARTS[name]}"


def check_digest(file: Path, digest: str) -> None:
    """Raises ConversionError where the file's SHA-256 is another, OSError where it cannot be read."""
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != digest:
        raise ConversionError(f"{file.name} is not the file that was expected: its SHA-256 is {found}")
