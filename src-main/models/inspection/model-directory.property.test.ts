import fc from 'fast-check'
import { ModelId } from '@core/ids'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inspectModelDirectory } from './model-directory'
import { listModelFiles } from './model-files'
import { llamaConfig, modelFiles, writeModel } from '../testing/model-on-disk'

const modelId = ModelId.parse('owner/model')
const NEEDED = ['hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'vocab_size']

/** Invalid values for a numeric field. */
const wrongSize = fc.oneof(
  fc.constantFrom<unknown>(null, 0, -1, 0.5, 1e30, '4', 'x', true, {}, '__absent__'),
  fc.integer({ max: 0 }),
  fc.string(),
)

describe('a model folder with one mutation', () => {
  let path: string
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'muster-model-'))
  })
  afterEach(() => rmSync(path, { recursive: true }))

  const problem = async (changes: Parameters<typeof writeModel>[1]): Promise<string | undefined> => {
    writeModel(path, changes)
    const inspection = await inspectModelDirectory(
      { modelId, path, source: 'muster' },
      (await listModelFiles(path)) ?? [],
      { starter: false },
    )
    return inspection.status === 'none' ? 'none' : inspection.model.problem
  }

  it('is refused for a size that no model can have, and the file and the field are named', async () => {
    expect(await problem({})).toBeUndefined()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...NEEDED), wrongSize, async (field, value) => {
        const { [field]: _sound, ...others } = { ...llamaConfig } as Record<string, unknown>
        const config = value === '__absent__' ? others : { ...others, [field]: value }
        const said = await problem({ 'config.json': JSON.stringify(config) })
        expect(said).toMatch(/^config\.json/)
        expect(said).toContain(field)
      }),
      { numRuns: 60 },
    )
  })

  it('never makes the inspection throw, whatever JSON its files have; a refusal names a file', async () => {
    const names = [...modelFiles().keys(), 'generation_config.json', 'hf_quant_config.json'].filter((name) =>
      name.endsWith('.json'),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue(), async (name, value) => {
        const said = await problem({ [name]: JSON.stringify(value) })
        if (said !== undefined) expect(said).toMatch(/^[\w.-]+\.(?:json|jinja|safetensors)\b/)
        rmSync(join(path, name), { force: true })
      }),
      { numRuns: 100 },
    )
  })

  it('never makes the inspection throw, whatever value a field of config.json has', async () => {
    const fields = ['quantization', 'quantization_config', 'text_config', 'model_file', 'model_type', 'head_dim']
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.jsonValue(), async (field, value) => {
        const said = await problem({ 'config.json': JSON.stringify({ ...llamaConfig, [field]: value }) })
        if (said !== undefined) expect(said).toMatch(/^(?:config|hf_quant_config)\.json/)
      }),
      { numRuns: 100 },
    )
  })

  it('never makes the inspection throw, however deep or long a value of its files is', async () => {
    const [deep, long] = ['['.repeat(20_000) + ']'.repeat(20_000), `[${'8,'.repeat(150_000)}8]`]
    const fields = [...Object.keys(llamaConfig), ...['quantization_config', 'text_config', 'model_file', 'head_dim']]
    const others = ['tokenizer_config.json', 'modules.json', 'hf_quant_config.json', 'model.safetensors.index.json']
    for (const value of [deep, long]) {
      for (const field of fields) {
        const { [field]: _sound, ...rest } = { ...llamaConfig } as Record<string, unknown>
        const said = await problem({ 'config.json': `${JSON.stringify(rest).slice(0, -1)},"${field}":${value}}` })
        if (said !== undefined) expect(said).toMatch(/^config\.json/)
      }
      for (const name of ['config.json', ...others]) {
        for (const text of [value, `{"chat_template":${value},"weight_map":${value}}`]) await problem({ [name]: text })
        rmSync(join(path, name))
      }
    }
  })

  it('is either refused or accepted if bytes of its weights are lost or overwritten', async () => {
    const sound = modelFiles().get('model.safetensors') ?? ''
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 80 }),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.nat({ max: 500 }),
        async (at, bytes, lost) => {
          const changed = Buffer.from(sound)
          Buffer.from(bytes).copy(changed, at)
          const said = await problem({ 'model.safetensors': changed.subarray(0, changed.length - lost) })
          if (said !== undefined) expect(said).toMatch(/^model\.safetensors is damaged: /)
          if (lost > 0) expect(said).toBeDefined()
        },
      ),
      { numRuns: 100 },
    )
  })
})
