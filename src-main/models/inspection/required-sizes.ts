/**
 * Sizes that config.json must contain, per architecture: fields without a default in mlx-lm's `ModelArgs` (0.32.2).
 * Architectures not listed have defaults for all or read the configuration differently. A test compares this with the
 * installed mlx-lm.
 */
const SIZES = [
  'hidden_size',
  'num_hidden_layers',
  'num_attention_heads',
  'num_key_value_heads',
  'intermediate_size',
  'vocab_size',
] as const
export type Size = (typeof SIZES)[number]

const needs = (names: string, ...sizes: readonly Size[]): [string, readonly Size[]][] =>
  names.split(' ').map((name) => [name, sizes])

const all =
  'Klear apertus baichuan_m1 bailing_hybrid bailing_moe bailing_moe_linear bitnet dots1 ernie4_5 ernie4_5_moe exaone4 ' +
  'exaone_moe gear gemma gemma2 glm glm4 glm4_moe glm_moe_dsa granite granitemoe granitemoehybrid helium hunyuan ' +
  'hunyuan_v1_dense iquestloopcoder jamba kimi_linear lfm2_moe llama4_text mellum mimo mimo_v2_flash minicpm minicpm3 ' +
  'minimax mistral4 nanbeige nemotron olmo_hybrid qwen2 qwen3 qwen3_moe qwen3_next recurrent_gemma seed_oss solar_open ' +
  'spark2_5 stablelm telechat3'
const withoutKeyValueHeads =
  'internlm2 internlm3 llama ministral3 olmo2 olmo3 olmoe phi3 plamo qwen2_moe smollm3 step3p5'

/** By canonical name, see `canonicalModelType`. */
export const requiredSizes: ReadonlyMap<string, readonly Size[]> = new Map([
  ...needs(all, ...SIZES),
  ...needs(
    withoutKeyValueHeads,
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'intermediate_size',
    'vocab_size',
  ),
  ...needs('mamba mamba2 rwkv7', 'hidden_size', 'num_hidden_layers', 'intermediate_size', 'vocab_size'),
  ...needs(
    'exaone nemotron_h',
    'hidden_size',
    'num_attention_heads',
    'num_key_value_heads',
    'intermediate_size',
    'vocab_size',
  ),
  ...needs(
    'lfm2 phi3small',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'num_key_value_heads',
    'vocab_size',
  ),
  ...needs('longcat_flash longcat_flash_ngram', 'hidden_size', 'num_attention_heads', 'vocab_size'),
  ...needs('gpt_neox', 'hidden_size', 'num_hidden_layers', 'num_attention_heads', 'vocab_size'),
  ...needs(
    'starcoder2',
    'hidden_size',
    'num_hidden_layers',
    'num_attention_heads',
    'num_key_value_heads',
    'intermediate_size',
  ),
  ...needs('afm7 dbrx gpt2 gpt_bigcode lille-130m openelm', 'vocab_size'),
])

/** Architectures that require a `text_config`. */
export const needsTextConfig: ReadonlySet<string> = new Set(
  (
    'gemma3 gemma3n kimi_k25 kimi_vl lfm2-vl llama4 minimax_m3_vl mistral3 muse_spark pixtral prism_hadamard_qwen35 ' +
    'qwen3_vl_moe'
  ).split(' '),
)
