import { describe, expect, it } from 'vitest'
import { faultText } from '@core/state/declaration-faults'
import { parseDeclarations } from './parse'
import { withDuplicateFaults } from './read'
import { updatedText, yamlOf } from './write'

const faults = (text: string) => parseDeclarations(text, 'f.yaml').faults.map(faultText)

describe('a file of declarations', () => {
  it('has one or several, as YAML or JSON, with comments', () => {
    const yaml = '# ours\nname: chat\nmodelId: m/a\n---\nname: code\nmodelId: m/b # big\nmachines: [mini]\n'
    expect(parseDeclarations(yaml, 'f.yaml').documents).toMatchObject([
      { name: 'chat', modelId: 'm/a', sharding: 'Pipeline' },
      { name: 'code', machines: ['mini'] },
    ])
    expect(parseDeclarations('{"name": "chat", "modelId": "m/a"}', 'f.json').documents).toHaveLength(1)
  })

  it.each([
    ['', 'nothing at all'],
    ['---\n---\n', 'empty documents'],
    ['# only a comment\n', 'comments alone'],
  ])('may be empty: %j (%s)', (text) => {
    expect(parseDeclarations(text, 'f.yaml')).toMatchObject({ documents: [], faults: [] })
  })

  it.each([
    ['lists', `name: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['lists without end', '['.repeat(5000)],
    ['lists in a column', `${'- '.repeat(5000)}x`],
    ['maps', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
  ])('that has thousands of %s within one another is refused for that alone', (_what, text) => {
    expect(faults(text)).toEqual([expect.stringMatching(/^f\.yaml:\d+:\d+: lists and maps are nested too deeply here/)])
  })

  it.each([
    ['name: chat\nmodelId: m/a\n  maxcontext: 1\n', /^f\.yaml:\d+:\d+: /],
    ['name: chat\nmodelId: m/a\nmax_context: 1\n', /^f\.yaml:3:1: max_context .* did you mean maxContext\?$/],
    ['name: chat\nmodelId: m/a\ncolour: red\n', /^f\.yaml:3:1: colour is not a field/],
    ['name: chat\n', /^f\.yaml:1:1: modelId is missing$/],
    ['name: chat\nmodelId: m/a\nminNodes: many\n', /^f\.yaml:3:11: minNodes: /],
    ['name: chat\nmodelId: m/a\nlabels:\n  team: "a b"\n', /^f\.yaml:4:9: labels\.team: /],
    ['chat\n', /^f\.yaml:1:1: A declaration is a map/],
    ['- name: chat\n  modelId: m/a\n- name: code\n  modelId: 5\n', /^f\.yaml:4:12: modelId: /],
    ['- chat\n', /^f\.yaml:1:3: A declaration is a map/],
    ['name: a\nname: b\nmodelId: m/a\n', /^f\.yaml:2:1: .*unique/i],
    ['name: "chat\n', /^f\.yaml:\d+:\d+: /],
    ['a: &a [x, x]\nb: &b [*a, *a]\nname: chat\nmodelId: m/a\n', /^f\.yaml:1:1: a is not a field/],
    ['name: !!js/function "x"\nmodelId: m/a\n', /^f\.yaml:1:\d+: /],
  ])('names what is wrong by line and column: %j', (text, said) => {
    expect(faults(text)[0]).toMatch(said)
  })

  it('names every fault of every document, in the order of their places', () => {
    expect(faults('name: chat\n---\nmodelId: m/a\ncolour: red\n')).toHaveLength(3)
    const twoFields = faults('name: chat\nmodelId: m/a\nminNodes: many\nsharding: Half\n')
    expect(twoFields.map((text) => text.slice(0, 9))).toEqual(['f.yaml:3:', 'f.yaml:4:'])
  })

  it('that declares a name twice says where each of the two stands', () => {
    const text = '# ours\nname: chat\nmodelId: m/a\n---\nmodelId: m/b\nname: Chat\n'
    const [file] = withDuplicateFaults([{ file: 'f.yaml', ...parseDeclarations(text, 'f.yaml') }])
    expect(file?.faults.map(faultText)).toEqual(['f.yaml:6:7: Chat is declared in f.yaml:2 too'])
  })
})

describe('a list of declarations', () => {
  it('is read as the declarations in it, as `muster get --json` prints them', () => {
    const list = '[{"name": "chat", "modelId": "m/a"}, {"name": "code", "modelId": "m/b"}]'
    const { documents, names, faults } = parseDeclarations(list, 'f.json')
    expect(documents.map(({ name }) => name)).toEqual(['chat', 'code'])
    expect(names.map(({ column }) => column)).toEqual([11, 47])
    expect(faults).toEqual([])
  })

  it('is updated entry by entry', () => {
    const text = '# ours\n- name: chat # alias\n  modelId: m/a\n- name: code\n  modelId: m/b\n'
    const updated = updatedText(text, (name) => (name === 'chat' ? { name, modelId: 'm/c' as never } : undefined))
    expect(updated).toBe(text.replace('m/a', 'm/c'))
  })
})

describe('writing declarations', () => {
  it('reads back as the same', () => {
    const documents = [
      { name: 'yes', modelId: 'm/1e5' as never, labels: { team: '007' } },
      { name: 'chat: "x"', modelId: 'm/b' as never },
    ]
    expect(parseDeclarations(yamlOf(documents), 'f.yaml')).toMatchObject({ documents, faults: [] })
  })

  it('keeps comments, order and what is equal', () => {
    const text = '# ours\nname: chat # alias\nmodelId: m/a\nmaxContext: 4096 # enough\nlabels: { team: a }\n'
    const updated = updatedText(text, () => ({
      name: 'chat',
      modelId: 'm/a' as never,
      maxContext: 8192,
      labels: { team: 'a' },
    }))
    expect(updated).toBe('# ours\nname: chat # alias\nmodelId: m/a\nmaxContext: 8192 # enough\nlabels: { team: a }\n')
  })

  const changed = (name: string, modelId = 'm/c') => ({ name, modelId: modelId as never, labels: { team: 'b' } })

  it('keeps each value that refers to one that changes', () => {
    const text =
      '- name: chat\n  modelId: &model m/a\n  labels: &ours { team: &team a }\n' +
      '- name: code\n  modelId: *model\n  labels: *ours\n' +
      '- name: sums\n  modelId: m/b\n  labels: { team: *team }\n'
    const updated = updatedText(text, (name) => (name === 'chat' ? changed(name) : undefined))
    expect(parseDeclarations(updated, 'f.yaml')).toMatchObject({
      documents: [
        { name: 'chat', modelId: 'm/c', labels: { team: 'b' } },
        { name: 'code', modelId: 'm/a', labels: { team: 'a' } },
        { name: 'sums', modelId: 'm/b', labels: { team: 'a' } },
      ],
      faults: [],
    })
    const without = updatedText(text, (name) => (name === 'chat' ? { name, modelId: 'm/a' as never } : undefined))
    expect(parseDeclarations(without, 'f.yaml').documents[1]).toMatchObject({ modelId: 'm/a', labels: { team: 'a' } })
    expect(without).toContain('modelId: *model')
  })

  it('keeps the text of each document in which nothing changes', () => {
    const odd = 'name:   "chat"\nlabels: {team: b}   # ours\nmodelId:    m/c\n'
    expect(updatedText(odd, changed)).toBe(odd)
    const two = `${odd}---\nname:   code\nmodelId: m/a\n`
    const updated = updatedText(two, (name) => (name === 'code' ? { name, modelId: 'm/b' as never } : changed(name)))
    expect(updated).toBe(two.replace('m/a', 'm/b').replace('name:   code', 'name: code'))
  })

  it('keeps documents apart between which there is an empty one', () => {
    for (const empty of ['---\n', '--- # nothing\n', '# nothing\n---\n', '---\n---\n']) {
      const updated = updatedText(`${empty}---\nname: code\nmodelId: m/a\n`, (name) => ({
        name,
        modelId: 'm/b' as never,
      }))
      expect(updated).toBe(`${empty}---\nname: code\nmodelId: m/b\n`)
    }
  })

  it.each([
    '[\n  {\n    "name": "chat",\n    "modelId": "m/a"\n  }\n]\n',
    '{ "name": "chat", "modelId": "m/a", "description": "x" }',
    '{\r\n\t"name": "chat",\r\n\t"maxContext": 512\r\n}\r\n',
  ])('keeps JSON what it is: %j', (text) => {
    const before: unknown = JSON.parse(text)
    const updated = updatedText(text, changed)
    const after: unknown = JSON.parse(updated)
    expect(after).toEqual(Array.isArray(before) ? [changed('chat')] : changed('chat'))
    expect(updatedText(updated, changed)).toBe(updated)
    expect([/\n$/.test(updated), /^\t/m.test(updated)]).toEqual([/\n$/.test(text), /^\t/m.test(text)])
  })
})
