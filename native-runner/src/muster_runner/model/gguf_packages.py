"""Reads the GGUF files of models that Python packages carry, for tests. Needs the package gguf (a development
requirement), which dequantises the 5-bit blocks that MLX cannot read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
from gguf import GGUFReader, ReaderTensor, dequantize

from muster_runner.model.gguf_files import check_digest, joined_pieces


@contextmanager
def opened_gguf(source: Path, pieces: str, digest: str) -> Iterator[tuple[list[ReaderTensor], dict[str, Any]]]:
    """Opens the file, joined from the ``pieces`` in ``source``, as its tensors and metadata. Raises ConversionError,
    OSError."""
    with tempfile.TemporaryDirectory() as folder:
        gguf = joined_pieces(source, pieces, Path(folder))
        check_digest(gguf, digest)
        reader = GGUFReader(gguf)
        yield reader.tensors, {key: field.contents() for key, field in reader.fields.items()}


def dequantized(tensor: ReaderTensor) -> mx.array:
    """Returns the weight in 32 bits. GGUF lists the axes in the opposite order."""
    shape = [int(size) for size in reversed(tensor.shape)]
    return mx.array(dequantize(tensor.data, tensor.tensor_type).reshape(shape))


def common_config(metadata: dict[str, Any], dtype: mx.Dtype) -> dict[str, Any]:
    """Returns the fields of config.json that the files of all Llama-like models name alike."""
    architecture = metadata["general.architecture"]

    def given(key: str) -> Any:
        return metadata[f"{architecture}.{key}"]

    return {
        "hidden_size": given("embedding_length"),
        "intermediate_size": given("feed_forward_length"),
        "num_hidden_layers": given("block_count"),
        "num_attention_heads": given("attention.head_count"),
        "num_key_value_heads": given("attention.head_count_kv"),
        "max_position_embeddings": given("context_length"),
        "rope_theta": given("rope.freq_base"),
        "vocab_size": len(metadata["tokenizer.ggml.tokens"]),
        "tie_word_embeddings": True,
        "bos_token_id": metadata["tokenizer.ggml.bos_token_id"],
        "eos_token_id": metadata["tokenizer.ggml.eos_token_id"],
        "torch_dtype": str(dtype).removeprefix("mlx.core."),
    }
