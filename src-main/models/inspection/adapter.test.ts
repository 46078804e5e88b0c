import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { listModelFiles } from './model-files'
import { inspectModelDirectory, type Inspection } from './model-directory'

const modelId = ModelId.parse('team/tuned-lora')
const CONFIG = { fine_tune_type: 'lora', num_layers: 4, lora_parameters: { rank: 8, scale: 20, dropout: 0 } }
/** As PEFT writes it, with its defaults. */
const PEFT = {
  ...{ peft_type: 'LORA', r: 8, lora_alpha: 16, lora_dropout: 0.05, bias: 'none', target_modules: ['q_proj'] },
  ...{ base_model_name_or_path: 'team/base', use_dora: false, use_rslora: true, modules_to_save: null },
  ...{ rank_pattern: {}, alpha_pattern: { 'model.layers.0.self_attn.q_proj': 4 }, megatron_core: 'megatron.core' },
}

let path = ''
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'muster-adapter-'))
})
afterEach(() => rmSync(path, { recursive: true }))

/** A file with one tensor of four bytes. */
const safetensors = (): Buffer => {
  const header = Buffer.from(JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([length, header, Buffer.alloc(4)])
}

/** @param config its text, or what it holds */
const inspected = async (config: object | string): Promise<Inspection> => {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  writeFileSync(join(path, 'adapter_config.json'), text)
  const files = (await listModelFiles(path)) ?? []
  return inspectModelDirectory({ modelId, path, source: 'muster' }, files, { starter: false })
}

it('an adapter as mlx-lm saves it is known with its size and the model that it is for, and is in no list of models', async () => {
  writeFileSync(join(path, 'adapters.safetensors'), safetensors())
  // Checkpoints of training are not part of the adapter.
  writeFileSync(join(path, '0000100_adapters.safetensors'), safetensors())
  expect(await inspected({ ...CONFIG, model: 'team/base' })).toEqual({
    status: 'adapter',
    model: {
      modelId,
      title: 'tuned lora',
      source: 'muster',
      path,
      storageBytes: safetensors().length,
      baseModel: 'team/base',
    },
  })
})

it('an adapter in the format of PEFT is known by its own file', async () => {
  writeFileSync(join(path, 'adapter_model.safetensors'), safetensors())
  expect(await inspected(PEFT)).toEqual({
    status: 'adapter',
    model: {
      ...{ modelId, title: 'tuned lora', source: 'muster', path },
      storageBytes: safetensors().length,
      baseModel: 'team/base',
    },
  })
})

it.each([
  ['of another kind of PEFT', { ...PEFT, peft_type: 'LOHA' }, 'unsupported', /peft_type is "LOHA", expected LORA/],
  [
    'of PEFT with a kind that no stack can write',
    `{"peft_type":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    'unsupported',
    /peft_type is \[…\], expected LORA/,
  ],
  ['of PEFT with DoRA', { ...PEFT, use_dora: true }, 'unsupported', /use_dora/],
  ['of PEFT with whole modules', { ...PEFT, modules_to_save: ['lm_head'] }, 'unsupported', /modules_to_save/],
  ['of PEFT with a setting from the future', { ...PEFT, later: { x: 1 } }, 'unsupported', /later is not supported/],
  ['of PEFT without alpha', { ...PEFT, lora_alpha: undefined }, 'unsupported', /lora_alpha/],
  [
    'of PEFT with a pattern that may take long',
    { ...PEFT, rank_pattern: { '(a+)+b': 2 } },
    'unsupported',
    /rank_pattern/,
  ],
  ['of PEFT without weights', PEFT, 'damaged', /adapter_model\.safetensors is missing/],
  ['without a scale', { ...CONFIG, lora_parameters: { rank: 8, dropout: 0, alpha: 16 } }, 'unsupported', /scale/],
  ['without its number of layers', { ...CONFIG, num_layers: undefined }, 'unsupported', /num_layers/],
  ['of an unknown kind', { ...CONFIG, fine_tune_type: 'soft-prompt' }, 'unsupported', /soft-prompt/],
  ['without weights', CONFIG, 'damaged', /adapters\.safetensors is missing/],
])('an adapter %s cannot be applied, and its file and field are named', async (_, config, problemCode, problem) => {
  expect(await inspected(config)).toMatchObject({
    status: 'adapter',
    model: { problemCode, problem: expect.stringMatching(problem) as string },
  })
})
