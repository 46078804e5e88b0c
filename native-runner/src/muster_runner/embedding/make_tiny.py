"""``python -m muster_runner.embedding.make_tiny OUT``: a tiny embedding model with random weights, for tests.

Its vocabulary is 256 bytes and four special tokens. It has the files of sentence-transformers, and weights with the
names that models of each family have on the hub. The same seed gives the same weights.
"""

import argparse
from pathlib import Path
from typing import Any

import mlx.core as mx

from muster_runner.model.make_tiny import SPECIAL, make_tiny
from muster_runner.model.model_directory import byte_level_tokenizer, write_json, write_weights
from muster_runner.model.model_files import read_json
from muster_runner.tokenization.tokenizer import BYTE_CHARACTERS

CONTEXT = 128
# Token ids.
BEGIN, END, PADDING = 1, 2, 3
WIDTH, INNER, HEADS, LAYERS = 32, 64, 4, 2
TYPES = 2
BUCKETS = 32
DEVIATION = 0.2

Shapes = dict[str, tuple[int, ...]]


def _linear(name: str, out: int, into: int, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (out, into), **({f"{name}.bias": (out,)} if bias else {})}


def _norm(name: str, bias: bool = True) -> Shapes:
    return {f"{name}.weight": (WIDTH,), **({f"{name}.bias": (WIDTH,)} if bias else {})}


def _embeddings(vocabulary: int, positions: int, types: int) -> Shapes:
    table = {"word_embeddings": vocabulary, "position_embeddings": positions, "token_type_embeddings": types}
    shapes = {f"embeddings.{name}.weight": (rows, WIDTH) for name, rows in table.items() if rows}
    return {**shapes, **_norm("embeddings.LayerNorm")}


def _bert(vocabulary: int, positions: int) -> Shapes:
    shapes = _embeddings(vocabulary, positions, TYPES)
    for at in range(LAYERS):
        layer = f"encoder.layer.{at}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= _linear(f"{layer}.attention.{name}", WIDTH, WIDTH)
        shapes |= _norm(f"{layer}.attention.output.LayerNorm")
        shapes |= _linear(f"{layer}.intermediate.dense", INNER, WIDTH)
        shapes |= _linear(f"{layer}.output.dense", WIDTH, INNER) | _norm(f"{layer}.output.LayerNorm")
    # Unused by embeddings; most released models have it.
    return shapes | _linear("pooler.dense", WIDTH, WIDTH)


def _mpnet(vocabulary: int, positions: int) -> Shapes:
    shapes = _embeddings(vocabulary, positions, 0) | {"encoder.relative_attention_bias.weight": (BUCKETS, HEADS)}
    for at in range(LAYERS):
        layer = f"encoder.layer.{at}"
        for name in "qkvo":
            shapes |= _linear(f"{layer}.attention.attn.{name}", WIDTH, WIDTH)
        shapes |= _norm(f"{layer}.attention.LayerNorm")
        shapes |= _linear(f"{layer}.intermediate.dense", INNER, WIDTH)
        shapes |= _linear(f"{layer}.output.dense", WIDTH, INNER) | _norm(f"{layer}.output.LayerNorm")
    return shapes


def _distilbert(vocabulary: int, positions: int) -> Shapes:
    shapes = _embeddings(vocabulary, positions, 0)
    for at in range(LAYERS):
        layer = f"transformer.layer.{at}"
        for name in ("q_lin", "k_lin", "v_lin", "out_lin"):
            shapes |= _linear(f"{layer}.attention.{name}", WIDTH, WIDTH)
        shapes |= _norm(f"{layer}.sa_layer_norm") | _norm(f"{layer}.output_layer_norm")
        shapes |= _linear(f"{layer}.ffn.lin1", INNER, WIDTH) | _linear(f"{layer}.ffn.lin2", WIDTH, INNER)
    return shapes


def _modernbert(vocabulary: int, _positions: int) -> Shapes:
    shapes: Shapes = {"embeddings.tok_embeddings.weight": (vocabulary, WIDTH), **_norm("embeddings.norm", bias=False)}
    for at in range(LAYERS):
        layer = f"layers.{at}"
        shapes |= _norm(f"{layer}.attn_norm", bias=False) if at else {}
        shapes |= _linear(f"{layer}.attn.Wqkv", 3 * WIDTH, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.attn.Wo", WIDTH, WIDTH, bias=False) | _norm(f"{layer}.mlp_norm", bias=False)
        shapes |= _linear(f"{layer}.mlp.Wi", 2 * INNER, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.mlp.Wo", WIDTH, INNER, bias=False)
    return shapes | _norm("final_norm", bias=False)


def _nomic_bert(vocabulary: int, _positions: int) -> Shapes:
    shapes: Shapes = {
        "embeddings.word_embeddings.weight": (vocabulary, WIDTH),
        "embeddings.token_type_embeddings.weight": (TYPES, WIDTH),
        **_norm("emb_ln"),
    }
    for at in range(LAYERS):
        layer = f"encoder.layers.{at}"
        shapes |= _linear(f"{layer}.attn.Wqkv", 3 * WIDTH, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.attn.out_proj", WIDTH, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.mlp.fc11", INNER, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.mlp.fc12", INNER, WIDTH, bias=False)
        shapes |= _linear(f"{layer}.mlp.fc2", WIDTH, INNER, bias=False)
        shapes |= _norm(f"{layer}.norm1") | _norm(f"{layer}.norm2")
    return shapes


_BERT = {
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "max_position_embeddings": CONTEXT,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "type_vocab_size": TYPES,
    "pad_token_id": PADDING,
}
# In the RoBERTa family text starts at the position after the padding token's id.
_ROBERTA = {**_BERT, "max_position_embeddings": CONTEXT + PADDING + 1, "layer_norm_eps": 1e-5}

FAMILIES = {
    "bert": (_bert, _BERT),
    "roberta": (_bert, _ROBERTA),
    "xlm-roberta": (_bert, _ROBERTA),
    "mpnet": (_mpnet, {**_ROBERTA, "relative_attention_num_buckets": BUCKETS}),
    "distilbert": (
        _distilbert,
        {
            "dim": WIDTH,
            "hidden_dim": INNER,
            "n_heads": HEADS,
            "n_layers": LAYERS,
            "max_position_embeddings": CONTEXT,
            "activation": "gelu",
        },
    ),
    "modernbert": (
        _modernbert,
        {
            "hidden_size": WIDTH,
            "intermediate_size": INNER,
            "num_attention_heads": HEADS,
            "num_hidden_layers": LAYERS,
            "max_position_embeddings": CONTEXT,
            "local_attention": 8,
            "global_attn_every_n_layers": 2,
            "global_rope_theta": 160000.0,
            "local_rope_theta": 10000.0,
        },
    ),
    "nomic_bert": (
        _nomic_bert,
        {
            "n_embd": WIDTH,
            "n_inner": INNER,
            "n_head": HEADS,
            "n_layer": LAYERS,
            "n_positions": CONTEXT,
            "rotary_emb_base": 1000,
            "activation_function": "swiglu",
            "type_vocab_size": TYPES,
            "qkv_proj_bias": False,
            "mlp_fc1_bias": False,
            "mlp_fc2_bias": False,
        },
    ),
}


def make_tiny_encoder(out: Path, family: str = "bert", pooling: str = "mean_tokens", seed: int = 0) -> None:
    """Writes the model directory. ``pooling``: the suffix of sentence-transformers' ``pooling_mode_`` setting."""
    shapes_of, sizes = FAMILIES[family]
    vocabulary = {
        text: token for token, text in enumerate([*SPECIAL, *sorted(BYTE_CHARACTERS, key=BYTE_CHARACTERS.__getitem__)])
    }
    out.mkdir(parents=True, exist_ok=True)
    mx.random.seed(seed)
    weights = {}
    for name, shape in shapes_of(len(vocabulary), sizes.get("max_position_embeddings", CONTEXT)).items():
        # Norms and biases are random too (not ones and zeros), so that omitting one changes the result.
        weights[name] = mx.random.normal(shape) * DEVIATION + ("orm" in name and name.endswith("weight"))
    write_weights(out, weights)
    tokenizer = byte_level_tokenizer(vocabulary, list(enumerate(SPECIAL)), [], split_words=False)
    write_json(out / "tokenizer.json", {**tokenizer, "post_processor": _between(SPECIAL[BEGIN], SPECIAL[END])})
    write_json(out / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": SPECIAL[3]})
    write_steps(out, pooling)
    # Written last: a folder counts as a model once it has config.json.
    write_json(out / "config.json", {"model_type": family, "vocab_size": len(vocabulary), **sizes})


def write_steps(out: Path, pooling: str, normalize: bool = True) -> None:
    """Writes the sentence-transformers files that describe the recipe."""
    kinds = ["Transformer", "Pooling", *(["Normalize"] if normalize else [])]
    modules = [
        {
            "idx": at,
            "name": str(at),
            "path": f"{at}_{kind}" if at else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for at, kind in enumerate(kinds)
    ]
    write_json(out / "modules.json", modules)
    (out / "1_Pooling").mkdir(exist_ok=True)
    write_json(out / "1_Pooling" / "config.json", {"word_embedding_dimension": WIDTH, f"pooling_mode_{pooling}": True})
    prompts = {"query": "search_query: ", "document": "search_document: "}
    write_json(out / "config_sentence_transformers.json", {"prompts": prompts, "default_prompt_name": None})
    write_json(out / "sentence_bert_config.json", {"max_seq_length": CONTEXT, "do_lower_case": False})


def _between(begin: str, end: str) -> dict[str, Any]:
    """The tokenizer's post-processor that puts a text between two tokens."""
    special = {text: {"id": text, "ids": [SPECIAL.index(text)], "tokens": [text]} for text in (begin, end)}
    single = [
        {"SpecialToken": {"id": begin, "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": end, "type_id": 0}},
    ]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": end, "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


def make_tiny_decoder(out: Path, architecture: str = "qwen3", seed: int = 0) -> None:
    """Writes a decoder as sentence-transformers saves one: without its head, and with last-token pooling."""
    make_tiny(out, architecture, layers=2, seed=seed)
    weights = mx.load(str(out / "model.safetensors"))
    mx.eval(weights)
    headless = {
        name.removeprefix("model."): value for name, value in weights.items() if not name.startswith("lm_head.")
    }
    (out / "model.safetensors").unlink()
    write_weights(out, headless)
    write_steps(out, "lasttoken")
    config = read_json(out / "config.json")
    write_json(out / "config.json", {**config, "architectures": [f"{architecture.capitalize()}Model"]})


def main() -> None:
    parser = argparse.ArgumentParser(prog="muster_runner.embedding.make_tiny", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--arch", default="bert", choices=[*FAMILIES, "qwen3", "llama"])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.arch in FAMILIES:
        make_tiny_encoder(arguments.out, arguments.arch, seed=arguments.seed)
    else:
        make_tiny_decoder(arguments.out, arguments.arch, arguments.seed)


if __name__ == "__main__":
    main()
