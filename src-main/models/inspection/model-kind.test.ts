import { describe, expect, it } from 'vitest'
import examples from '@core/protocols/examples/embedding-kinds.json'
import { embeddingProblem, kindOf } from './model-kind'

const step = (kind: string, path: string) => ({ path, type: `sentence_transformers.models.${kind}` })
const transformer = step('Transformer', '')
const pooling = step('Pooling', '1_Pooling')

const problemOf = (modules: unknown, names: readonly string[] = ['1_Pooling/config.json']) =>
  embeddingProblem({ model_type: 'bert' }, ['modules.json', ...names], () => Promise.resolve(modules))

describe('the kind of a model', () => {
  /** The runner's tests read the same examples: both implementations must agree. */
  it.each(examples.map((example) => [example.modelId, example] as const))('is told of %s', (_id, example) => {
    const { modelId, config, files, embeds } = example
    const kind = kindOf({ modelId, modelType: config.model_type, config, names: files })
    expect(kind).toBe(embeds ? 'embedding' : 'text')
  })
})

describe('an embedding model', () => {
  it('can be run if all its steps exist and are known', async () => {
    expect(await problemOf([transformer, pooling, step('Normalize', '2_Normalize')])).toBeUndefined()
    expect(await embeddingProblem({ architectures: ['BertModel'] }, [], () => expect.unreachable())).toBeUndefined()
  })

  it.each([
    ['a step that is not known', [transformer, pooling, step('Dense', '2_Dense')], undefined, 'Dense (2_Dense)'],
    ['no pooling', [transformer], undefined, 'no Pooling'],
    ['settings that did not come along', [transformer, pooling], [], '1_Pooling/config.json is missing'],
    ['steps that are none', { steps: 2 }, undefined, 'modules.json is damaged'],
  ])('is refused with %s', async (_what, modules, names, says) => {
    expect((await problemOf(modules, names))?.problem).toContain(says)
  })

  it('is not one if its head classifies texts', async () => {
    const config = { architectures: ['XLMRobertaForSequenceClassification'] }
    const found = await embeddingProblem(config, [], () => expect.unreachable())
    expect(found?.problem).toContain('reranker')
  })
})
