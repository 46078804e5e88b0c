import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { exclusionOf, type Exclusion } from '../state/exclusions'
import type { PlacementRequest } from './placement-request'
import { GB, smallCard, World } from '../testing/world'
import { Language } from '../texts/language'
import { loadTranslator } from '../texts/translator'
import { place } from './place'
import { placementWords, type PlacementWords } from './placement-words'

const words: Readonly<Record<Language, PlacementWords>> = {
  en: placementWords(await loadTranslator('en')),
  de: placementWords(await loadTranslator('de')),
  'zh-Hans': placementWords(await loadTranslator('zh-Hans')),
}

/** Names of fields, options and rules of the API: `nodeIds`, `MlxJaccl`, `no_worker`. */
const IDENTIFIER = /\b(?:[a-z]+[A-Z]\w*|Mlx\w*|[a-z]+_[a-z]+)\b/

const WHY = { text: 'no Python', coded: { code: 'refusals.rule.drained' } }

/** One exclusion of each rule: a missing rule does not compile. */
const EACH: { readonly [Rule in Exclusion['rule']]: Extract<Exclusion, { rule: Rule }> } = {
  away: { rule: 'away' },
  offline: { rule: 'offline' },
  nodeIds: { rule: 'nodeIds', chosen: [NodeId.parse('mini')] },
  replica: { rule: 'replica' },
  drained: { rule: 'drained' },
  no_worker: { rule: 'no_worker' },
  cannot_run: { rule: 'cannot_run', why: WHY },
  too_old: { rule: 'too_old' },
  cannot_load: { rule: 'cannot_load', why: WHY },
}
const EXCLUSIONS: readonly Exclusion[] = [...Object.values(EACH), { rule: 'nodeIds' }]

const world = new World()
const [studio, mini] = [world.addNode('studio'), world.addNode('mini')]

/** A refusal that names a machine of each rule: none of them has enough memory. */
const refused = (request: Partial<PlacementRequest>, of = world) => {
  const { state } = of
  const asked = { sharding: 'Pipeline', instanceMeta: 'MlxRing', minNodes: 1, placementPreference: 'auto' } as const
  const result = place(state, smallCard, { ...asked, ...request })
  if (result.status === 'placed') throw new Error('there is room')
  return result.error
}

describe.each(Language.options)('why machines are excluded, in %s', (language) => {
  const { clause, phrase } = words[language]

  it.each(EXCLUSIONS)('$rule has a text with the names and no identifiers', (exclusion) => {
    const one = clause(world.state, exclusion, [studio])
    const several = clause(world.state, exclusion, [studio, mini])
    const many = clause(
      world.state,
      exclusion,
      Array.from({ length: 12 }, () => studio),
    )
    for (const text of [one, several, many, phrase(exclusion)]) {
      expect(text).not.toMatch(IDENTIFIER)
      expect(text.trim()).not.toBe('')
    }
    expect(one).toContain(exclusion.rule === 'nodeIds' && exclusion.chosen ? 'mini' : 'studio')
    if (exclusion.rule !== 'nodeIds') expect(many).toContain('12')
  })

  it('differs by rule, and from the other languages', () => {
    const others = Language.options.filter((other) => other !== language).map((other) => words[other])
    const clauses = EXCLUSIONS.map((exclusion) => clause(world.state, exclusion, [studio]))
    expect(new Set(clauses).size).toBe(EXCLUSIONS.length)
    for (const [index, exclusion] of EXCLUSIONS.entries())
      for (const other of others) expect(other.clause(world.state, exclusion, [studio])).not.toBe(clauses[index])
  })

  it('says a refusal for RDMA without the names of backends', () => {
    const text = words[language].refusal(world.state, refused({ instanceMeta: 'MlxJaccl' }))
    const tooMany = words[language].refusal(world.state, refused({ instanceMeta: 'MlxJaccl', minNodes: 9 }))
    for (const one of [text, tooMany]) expect(one).not.toMatch(IDENTIFIER)
  })

  it('calls a machine that is assumed to have left away, and says which machines were chosen', () => {
    const full = new World()
    const [here, other] = [full.addNode('here', { free: GB }), full.addNode('other')]
    const outside = full.addNode('outside')
    const error = refused({ nodeIds: [here, other], away: [other] }, full)
    expect(error.details?.removed.map(exclusionOf)).toEqual([
      { rule: 'away' },
      { rule: 'nodeIds', chosen: [here, other] },
    ])
    expect(error.reason).toBe(
      '3 machines: 1 would leave (other), 1 excluded by nodeIds; here has 1 GB free, the model needs 4 GB',
    )
    expect(words[language].refusal(full.state, error)).toBe(
      {
        en: 'other is away; you chose only these machines: here and other; here has 1 GB free, the model needs 4 GB',
        de: 'other ist nicht da; ausgewählt sind nur diese Rechner: here und other; here hat 1 GB frei, das Modell braucht 4 GB',
        'zh-Hans': 'other 不在线；只选择了这些机器：here和other；here 有 1 GB 可用，模型需要 4 GB',
      }[language],
    )
    // A machine that was not chosen is not in the sentence, whatever else excludes it.
    const elsewhere = refused({ nodeIds: [here], away: [outside] }, full)
    expect(words[language].refusal(full.state, elsewhere)).not.toContain('outside')
  })

  it('distinguishes machines that the same rule excluded for different reasons', () => {
    const ill = new World()
    for (const name of ['a', 'b']) ill.addNode(name, { cannotRun: 'no Python environment' })
    ill.addNode('c', { cannotRun: 'macOS is too old' })
    const error = refused({}, ill)
    expect(error.reason).toBe(
      '3 machines: 2 cannot run models: no Python environment (a, b), 1 cannot run models: macOS is too old (c); no machine is ready to run models',
    )
    const parts = words[language].refusal(ill.state, error).split(/; |；/)
    expect(parts.map((part) => /Python|macOS/.exec(part)?.[0])).toEqual(['Python', 'macOS', undefined])
    expect(parts[1]).toContain('c ')
  })

  it('shows a refusal of another version in the node’s own words', () => {
    const { details, ...error } = refused({ away: [studio, mini] })
    const unknown = { rule: 'of_tomorrow', nodeIds: [studio], detail: 'too tired' }
    const later = { ...error, coded: undefined, details: details && { ...details, removed: [unknown] } }
    expect(words[language].refusal(world.state, later)).toBe(error.reason)
  })
})
