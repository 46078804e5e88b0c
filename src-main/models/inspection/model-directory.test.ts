import { ModelId } from '@core/ids'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Candidate } from '../stores/candidate'
import { inspectModelDirectory } from './model-directory'
import { listModelFiles } from './model-files'
import { llamaConfig, safetensors, writeModel, type FileChanges } from '../testing/model-on-disk'

const modelId = ModelId.parse('owner/Some-Model_7B-4bit')

describe('a directory that may hold a model', () => {
  let path: string
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'muster-model-'))
  })
  afterEach(() => rmSync(path, { recursive: true }))

  const inspect = async (source: Candidate['source'] = 'muster') =>
    inspectModelDirectory({ modelId, path, source }, (await listModelFiles(path)) ?? [], { starter: false })
  const problem = async (source?: Candidate['source']) => {
    const inspection = await inspect(source)
    return inspection.status === 'none' ? 'none' : `${inspection.status}: ${inspection.model.problem ?? 'none'}`
  }
  const index = (files: readonly string[], total_size?: number) =>
    JSON.stringify({
      metadata: { total_size },
      weight_map: Object.fromEntries(files.map((file, n) => [`w${n}`, file])),
    })

  it('gives the card of a model, with the size that its weights have on disk', async () => {
    writeModel(path)
    expect(await inspect()).toEqual({
      status: 'model',
      model: {
        modelId,
        title: 'Some Model 7B',
        quantization: '4-bit',
        source: 'muster',
        starter: false,
        path,
        architecture: 'llama',
        abilities: [],
        card: {
          modelId,
          storageBytes: safetensors(1000).length,
          layers: 30,
          hiddenSize: 576,
          kvHeads: 3,
          headDim: 64,
          contextLength: 8192,
          supportsTensor: true,
          supportsPipeline: true,
        },
      },
    })
  })

  it.each([
    [
      'a template that shows tools',
      { 'tokenizer_config.json': '{"chat_template": "{% if tools %}{% endif %}"}' },
      ['tools'],
    ],
    [
      'a template of its own file',
      { 'chat_template.jinja': '{{ tools }}{% if enable_thinking %}' },
      ['tools', 'thinking'],
    ],
    [
      'templates by name',
      { 'chat_template.json': '{"chat_template": [{"name": "a", "template": "<think>"}]}' },
      ['thinking'],
    ],
  ])('says what a model can do beside answering: %s', async (_what, changes, abilities) => {
    writeModel(path, changes)
    expect(await inspect()).toMatchObject({ model: { abilities } })
  })

  it('counts the weights that mlx-lm would load and nothing else', async () => {
    const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
    writeModel(path, {
      'model.safetensors': null,
      'model-00001-of-00002.safetensors': safetensors(10),
      'model-00002-of-00002.safetensors': safetensors(20),
      'model.safetensors.index.json': index(files),
      'consolidated.safetensors': safetensors(5000),
      'pytorch_model.bin': 'x'.repeat(5000),
    })
    expect(await inspect()).toMatchObject({
      status: 'model',
      model: { card: { storageBytes: safetensors(10).length + safetensors(20).length } },
    })
    expect(await problem()).toBe('model: none')
  })

  it('names the file that an incomplete download lacks, and the full size', async () => {
    const files = [1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`)
    writeModel(path, {
      'model.safetensors': null,
      'model-00001-of-00003.safetensors': safetensors(10),
      'model.safetensors.index.json': index(files, 9000),
    })
    expect(await problem('huggingface')).toBe(
      'model: model-00002-of-00003.safetensors is missing, and 1 more of 3 files',
    )
    expect(await inspect()).toMatchObject({ model: { card: { storageBytes: 9000 } } })
  })

  it.each(['../model.safetensors', '/etc/model.safetensors', 'parts/model.safetensors', '..'])(
    'refuses weights of another folder, wherever they are: %s',
    async (name) => {
      writeModel(path, { 'model.safetensors.index.json': index([name]) })
      expect(await problem()).toBe(
        `model: model.safetensors.index.json names "${name}", which is refused: a model's weights are files of its own folder`,
      )
    },
  )

  it.each<[string, FileChanges, string]>([
    [
      'cut-off weights',
      { 'model.safetensors': safetensors(1000).subarray(0, 500) },
      'model: model.safetensors is damaged: it ends after 500 of',
    ],
    [
      'weights of nothing',
      { 'model.safetensors': '' },
      'model: model.safetensors is damaged: its header does not fit into its 0 bytes',
    ],
    [
      'weights of another kind',
      { 'model.safetensors': 'not safetensors' },
      'model: model.safetensors is damaged: its header does not fit',
    ],
    ['no weights', { 'model.safetensors': null }, 'model: model.safetensors is missing'],
    ['a damaged index', { 'model.safetensors.index.json': '{' }, 'model: model.safetensors.index.json is damaged'],
    [
      'a tokenizer that only a program of the model’s reads',
      { 'tokenizer.json': null, 'tiktoken.model': 'IQ== 0' },
      'model: tokenizer.json is missing, and tiktoken.model can only be read by a program that comes with the model',
    ],
    ['no tokenizer', { 'tokenizer.json': null }, 'model: tokenizer.json is missing'],
    ['a damaged tokenizer configuration', { 'tokenizer_config.json': '{' }, 'model: tokenizer_config.json is damaged'],
    [
      'an unknown architecture',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_type: 'novel' }) },
      'model: config.json says that this is a "novel" model',
    ],
    [
      'only GGUF',
      {
        'model.safetensors': null,
        'config.json': null,
        'tokenizer.json': null,
        'tokenizer_config.json': null,
        'x.gguf': '',
      },
      'unreadable: model.safetensors is missing: the folder has weights only as GGUF',
    ],
    [
      'only a pickle',
      { 'model.safetensors': null, 'pytorch_model.bin': 'x' },
      'model: model.safetensors is missing: the folder has weights only as PyTorch',
    ],
    [
      'a program of its own',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_file: 'x.py' }) },
      'model: config.json: model_file asks for a program',
    ],
    [
      'AWQ in name only',
      {
        'config.json': JSON.stringify({
          ...llamaConfig,
          quantization: null,
          quantization_config: { quant_method: 'awq' },
        }),
      },
      'model: config.json: quant_method says that the model is quantized with AWQ',
    ],
    [
      'a quantization that is a word',
      { 'config.json': JSON.stringify({ ...llamaConfig, quantization: '4bit' }) },
      'model: config.json: quantization is "4bit", expected an object',
    ],
    [
      'an empty language part',
      { 'config.json': JSON.stringify({ ...llamaConfig, text_config: null }) },
      'model: config.json: text_config is null',
    ],
    [
      'an encoder that the runner lacks',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_type: 'albert' }) },
      'it turns text into vectors',
    ],
    [
      'a reranker',
      {
        'config.json': JSON.stringify({
          ...llamaConfig,
          model_type: 'bert',
          architectures: ['BertForSequenceClassification'],
        }),
      },
      'it judges texts',
    ],
    [
      'an embedding model without the settings of its steps',
      {
        'modules.json': JSON.stringify([
          { type: 'sentence_transformers.models.Transformer', path: '' },
          { type: 'sentence_transformers.models.Pooling', path: '1_Pooling' },
        ]),
      },
      '1_Pooling/config.json is missing',
    ],
    [
      'a template that is not in UTF-8',
      { 'chat_template.jinja': Buffer.from([0xe9, 0x7b]) },
      'model: chat_template.jinja is damaged: it is not in UTF-8',
    ],
    [
      'templates none of which is the default',
      {
        'tokenizer_config.json': JSON.stringify({
          chat_template: ['rag', 'tool_use'].map((name) => ({ name, template: 'x' })),
        }),
      },
      'model: tokenizer_config.json: chat_template has the templates rag, tool_use',
    ],
    ['no configuration', { 'config.json': null }, 'unreadable: config.json is missing'],
    ['a damaged configuration', { 'config.json': '{"model_type": "lla' }, 'unreadable: config.json is damaged'],
    ['an empty configuration', { 'config.json': '{}' }, 'unreadable: config.json names no model_type'],
    [
      'a bare model_type',
      { 'config.json': '{"model_type": "llama"}' },
      'unreadable: config.json does not tell how many layers',
    ],
  ])('of ours is listed with %s, and the file is named', async (_, changes, expected) => {
    writeModel(path, changes)
    expect(await problem()).toContain(expected)
  })

  it.each<[string, FileChanges]>([
    ['without weights', { 'model.safetensors': null }],
    ['of another format', { 'model.safetensors': null, 'model-Q4_K_M.gguf': 'GGUF' }],
    [
      'of an architecture that is not for text',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_type: 'albert' }) },
    ],
    ['that is part of something else', { 'config.json': '{"_class_name": "UNet"}' }],
  ])("in someone else's folder is none %s", async (_, changes) => {
    writeModel(path, changes)
    expect(await problem('huggingface')).toBe('none')
  })

  it.each<[string, FileChanges]>([
    ['a byte order mark', { 'config.json': `\ufeff${JSON.stringify(llamaConfig)}` }],
    [
      'the words that Python writes for no finite number',
      { 'config.json': JSON.stringify(llamaConfig).replace('8192', 'Infinity') },
    ],
    ['a generation_config.json of another kind', { 'generation_config.json': '[1, 2]' }],
    ['code for other programs', { 'config.json': JSON.stringify({ ...llamaConfig, auto_map: { AutoConfig: 'x.C' } }) }],
    [
      'the name of a quantization that its weights do not have',
      {
        'config.json': JSON.stringify({
          ...llamaConfig,
          quantization: null,
          quantization_config: { quant_method: 'fp8' },
        }),
      },
    ],
  ])('is not refused for %s, for it can be loaded', async (_, changes) => {
    writeModel(path, changes)
    expect(await problem()).toBe('model: none')
  })

  it('is none where it is empty or gone', async () => {
    expect(await problem()).toBe('none')
    expect(await listModelFiles(join(path, 'gone'))).toBeUndefined()
  })

  it.each<[string, FileChanges, string]>([
    ['a file that is missing', { 'tokenizer.json': null }, 'damaged'],
    ['a file that is cut off', { 'model.safetensors': safetensors(1000).subarray(0, -1) }, 'damaged'],
    ['a description that is no JSON', { 'config.json': '{' }, 'damaged'],
    [
      'an architecture that mlx-lm does not know',
      { 'config.json': JSON.stringify({ ...llamaConfig, model_type: 'new' }) },
      'unsupported',
    ],
    ['a description that says nothing sensible', { 'config.json': '[]' }, 'unsupported'],
    ['an adapter instead of a model', { 'model.safetensors': null, 'adapter_config.json': '{}' }, 'unsupported'],
  ])('tells whether fetching it anew may mend it: %s', async (_what, changes, problemCode) => {
    writeModel(path, changes)
    expect(await inspect()).toMatchObject({ model: { problemCode } })
  })

  it('may have no chat template at all: a base model continues text', async () => {
    writeModel(path, { 'tokenizer_config.json': '{}' })
    expect(await problem()).toBe('model: none')
  })

  it('may have its chat template in any of the known places', async () => {
    writeModel(path, { 'tokenizer_config.json': '{}', 'chat_template.jinja': 'x' })
    expect(await problem()).toBe('model: none')
    writeModel(path, { 'tokenizer_config.json': null, 'chat_template.json': '{"chat_template": "x"}' })
    expect(await problem()).toBe('model: none')
    writeModel(path, { 'tokenizer_config.json': '{"chat_template": [{"name": "default", "template": "x"}]}' })
    expect(await problem()).toBe('model: none')
  })

  it('ignores broken links, directories and pipes in place of files', async () => {
    writeModel(path, { 'config.json': null, 'tokenizer.json': null, 'model.safetensors': null })
    symlinkSync(join(path, 'nowhere'), join(path, 'model.safetensors'))
    mkdirSync(join(path, 'tokenizer.json'))
    // Reading it would never end.
    execFileSync('mkfifo', [join(path, 'config.json')])
    expect(await problem()).toBe('unreadable: config.json is missing: what has that name is no file')
  })

  it('follows links to the content of a file', async () => {
    writeModel(path, { 'model.safetensors': null })
    writeFileSync(join(path, 'blob'), safetensors(10))
    symlinkSync('blob', join(path, 'model.safetensors'))
    expect(await inspect()).toMatchObject({ model: { card: { storageBytes: safetensors(10).length } } })
  })
})
