import { describe, expect, it } from 'vitest'
import { isModelFile } from './model-files'

describe('what belongs to a model', () => {
  it.each([
    ...['config.json', 'generation_config.json', 'model.safetensors', 'model-00001-of-00004.safetensors'],
    ...['model.safetensors.index.json', 'tokenizer.json', 'tokenizer_config.json', 'tokenizer.model', 'tekken.json'],
    ...['special_tokens_map.json', 'added_tokens.json', 'vocab.json', 'merges.txt', 'tiktoken.model', 'qwen.tiktoken'],
    ...['chat_template.jinja', 'chat_template.json', 'hf_quant_config.json'],
    ...['modules.json', 'sentence_bert_config.json', 'config_sentence_transformers.json', '1_Pooling/config.json'],
  ])('is %s', (name) => {
    expect(isModelFile(name)).toBe(true)
  })

  it.each([
    ...['pytorch_model.bin', 'model.pt', 'tokenizer.py', 'tokenizer.pkl', 'modeling_qwen.py', 'model.gguf'],
    ...[
      '../config.json',
      'sub/config.json',
      '1_Pooling/../config.json',
      '1_Pooling/x/config.json',
      '1_Pooling/a.py',
      '.config.json',
      'README.md',
      '0000100_adapters.safetensors',
      'config.json.py',
    ],
    ...['consolidated.safetensors', 'model.safetensors.py', 'x\nconfig.json', ''],
  ])('is not %s', (name) => {
    expect(isModelFile(name)).toBe(false)
  })
})
