import { flushSync } from 'svelte'
import { beforeEach, describe, expect, it } from 'vitest'
import { Macs } from '@core/testing/macs'
import { inEnglish } from '@core/texts/english'
import { Warnings } from './warnings.svelte'

describe('warnings', () => {
  let macs: Macs
  beforeEach(() => {
    localStorage.clear()
    macs = new Macs()
    macs.mac('mini', { cannotRun: 'There is no Python 3.11.' })
    macs.mac('studio')
  })

  const opened = (): Warnings =>
    new Warnings(() => ({ state: macs.state, connection: 'connected', trouble: { reason: 'Full', hint: undefined } }))
  const titles = (warnings: Warnings): string[] => warnings.shown.map(({ title }) => title)
  const dismissAll = (warnings: Warnings): void => {
    for (const { warning } of warnings.shown) if (warning) warnings.dismiss(warning)
    flushSync()
  }

  it('that are dismissed stay hidden, also after a restart of the app', () => {
    dismissAll(opened())
    const later = opened()
    expect(titles(later)).toEqual(['This node accepts no changes now.'])
    expect(later.dismissed.map(({ title }) => inEnglish(title))).toEqual(['mini can’t run models.'])
  })

  it('that are dismissed appear again if they concern something new', () => {
    dismissAll(opened())
    macs.mac('mini', { cannotRun: 'The disk is full.' })
    expect(titles(opened())).toContain('mini can’t run models.')
  })

  it('can be restored', () => {
    const warnings = opened()
    dismissAll(warnings)
    for (const warning of warnings.dismissed) warnings.restore(warning)
    expect(titles(warnings)).toContain('mini can’t run models.')
  })

  it('show on their machine until they are dismissed', () => {
    const warnings = opened()
    const on = (name: string): number => {
      const node = Object.values(macs.state.nodes).find(({ nodeId }) => nodeId === name)
      return node ? warnings.on(node.nodeId).length : -1
    }
    expect([on('mini'), on('studio')]).toEqual([1, 0])
    dismissAll(warnings)
    expect(on('mini')).toBe(0)
  })

  it('stay readable while they are open, even if their cause is gone', () => {
    const warnings = opened()
    const [first] = warnings.shown.flatMap(({ warning }) => warning ?? [])
    if (!first) throw new Error('no warning')
    warnings.open(first)
    expect(warnings.lasts(first)).toBe(true)
    macs.apply({ type: 'NodeTimedOut', nodeId: first.nodeIds[0] ?? macs.mac('none') })
    const later = opened()
    later.open(first)
    expect([later.opened, later.lasts(first)]).toEqual([[first], false])
  })
})
