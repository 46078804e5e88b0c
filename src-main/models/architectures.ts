/** How a model of some architecture can be shared out. */
export interface Architecture {
  readonly supportsTensor: boolean
  readonly supportsPipeline: boolean
}

/**
 * What the pinned mlx-lm can load (0.32.2), by the `model_type` of config.json, and what can be shared out: `shard` on
 * its model means tensor; pipeline is what our runner's own stages were held against the whole model for. Only what is
 * listed here is offered; a test compares the lists with the installed runner.
 */
const both = 'deepseek_v2 deepseek_v3 glm4_moe gpt_oss llama ministral3 qwen2 qwen3 qwen3_moe'
const tensorOnly =
  'deepseek_v32 deepseek_v41 exaone_moe glm4_moe_lite glm_moe_dsa iquestloopcoder kimi_k25 kimi_k3 ' +
  'longcat_flash longcat_flash_ngram minimax minimax_m3_vl mistral4 muse_spark prism_hadamard_qwen35 qwen3_5 ' +
  'qwen3_5_moe solar_open step3p5'
const pipelineOnly = 'glm4 mimo mixtral olmo2 phi3 qwen3_next seed_oss'
const oneNodeOnly =
  'afm7 afmoe apertus baichuan_m1 bailing_hybrid bailing_moe bailing_moe_linear bailing_moe_v3 bitnet cohere ' +
  'cohere2 dbrx deepseek dots1 ernie4_5 ernie4_5_moe exaone exaone4 falcon_h1 gear gemma gemma2 gemma3 ' +
  'gemma3_text gemma3n gemma4 gemma4_text glm gpt2 gpt_bigcode gpt_neox gptj granite granitemoe ' +
  'granitemoehybrid helium hunyuan hunyuan_v1_dense internlm2 internlm3 jamba kimi_linear kimi_vl Klear laguna ' +
  'lfm2 lfm2-vl lfm2_moe lille-130m llama4 llama4_text mamba mamba2 mellum mimo_v2_flash minicpm minicpm3 ' +
  'mistral3 muse_glimmer nanbeige nanochat nemotron nemotron-nas nemotron_h olmo3 olmo_hybrid olmoe openelm phi ' +
  'phi3small phimoe phixtral pixtral plamo plamo2 plamo3 qwen qwen2_moe qwen2_vl qwen3_vl qwen3_vl_moe ' +
  'recurrent_gemma rwkv7 smollm3 spark2_5 stablelm starcoder2 talkie telechat3 youtu_llm'

/** Other names under which mlx-lm loads the architecture on the right. */
const aliases: Readonly<Record<string, string>> = {
  mistral: 'llama',
  llava: 'mistral3',
  'phi-msft': 'phixtral',
  falcon_mamba: 'mamba',
  joyai_llm_flash: 'deepseek_v3',
  kimi_k2: 'deepseek_v3',
  qwen2_5_vl: 'qwen2_vl',
  minimax_m2: 'minimax',
  iquestcoder: 'llama',
  xverse: 'llama',
  gemma4_unified: 'gemma4',
  deepseek_v41_text: 'deepseek_v41',
}

const entries = (names: string, supportsTensor: boolean, supportsPipeline: boolean): [string, Architecture][] =>
  names.split(' ').map((name) => [name, { supportsTensor, supportsPipeline }])

/** Every architecture that can be loaded, by its own name. */
export const architectures: ReadonlyMap<string, Architecture> = new Map([
  ...entries(both, true, true),
  ...entries(tensorOnly, true, false),
  ...entries(pipelineOnly, false, true),
  ...entries(oneNodeOnly, false, false),
])

/** The name mlx-lm knows a `model_type` by. */
export const canonicalModelType = (modelType: string): string =>
  Object.hasOwn(aliases, modelType) ? (aliases[modelType] ?? modelType) : modelType

/** How a model of this `model_type` can be shared out; undefined where mlx-lm cannot load it. */
export const architectureOf = (modelType: string): Architecture | undefined =>
  architectures.get(canonicalModelType(modelType))
