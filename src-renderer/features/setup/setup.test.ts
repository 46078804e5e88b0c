import { describe, expect, it, vi } from 'vitest'
import type { SetupView } from '@core/protocols/setup'
import type { SetupProgress } from '@core/settings/setup-progress'
import { MetaInstanceId } from '@core/ids'
import { eventually } from '@core/testing/eventually'
import { FakeApi, json } from '../../testing/fake-api'
import { Setup } from './setup.svelte'

const scope = { hasModel: false, hasOptions: false }

/** A fake node that stores the progress it receives. */
const node = (first: Partial<SetupView> = {}) => {
  let view: SetupView = { offered: true, python: { status: 'ready' }, ...first }
  const api = new FakeApi(({ method, json: body }) => {
    if (method === 'PATCH') {
      const progress = body as SetupProgress
      view = { ...view, progress, offered: progress.state === 'open' }
    }
    return json(view)
  })
  return { api, kept: () => view.progress }
}

const opened = async (first?: Partial<SetupView>) => {
  const { api, kept } = node(first)
  const setup = new Setup(api)
  await setup.read()
  return { setup, kept, api }
}

describe('the setup assistant in a window', () => {
  it('is shown if the node offers it, from its first step', async () => {
    const { setup } = await opened()
    expect(setup.shown).toBe(true)
    expect(setup.progress.step).toBe('welcome')
  })

  it('holds the page back until the node has said whether it offers setup, and no longer than a second', async () => {
    vi.useFakeTimers()
    const asked = new Setup(node().api)
    expect([asked.decided, asked.shown]).toEqual([false, false])
    await asked.read()
    expect([asked.decided, asked.shown]).toEqual([true, true])

    const refused = new Setup(new FakeApi())
    await refused.read()
    expect([refused.decided, refused.shown]).toEqual([true, false])

    const silent = new Setup({ get: () => new Promise(() => undefined), patch: () => new Promise(() => undefined) })
    void silent.read()
    await vi.advanceTimersByTimeAsync(900)
    expect(silent.decided).toBe(false)
    await vi.advanceTimersByTimeAsync(200)
    expect([silent.decided, silent.shown]).toEqual([true, false])
    vi.useRealTimers()
  })

  it('does not come over a page that the user has begun to use; until then it may, and when it is asked for', async () => {
    vi.useFakeTimers()
    const late = () => {
      let answers = (): void => undefined
      const setup = new Setup(
        new FakeApi().next(
          () =>
            new Promise((resolve) => (answers = () => resolve(json({ offered: true, python: { status: 'ready' } })))),
        ),
      )
      const read = setup.read()
      return { setup, answer: () => (answers(), read) }
    }
    const unused = late()
    // A key that is pressed in an empty window uses nothing.
    unused.setup.pageUsed()
    await vi.advanceTimersByTimeAsync(1100)
    await unused.answer()
    expect(unused.setup.shown).toBe(true)
    unused.setup.pageUsed()
    expect(unused.setup.shown).toBe(true)

    const used = late()
    await vi.advanceTimersByTimeAsync(1100)
    used.setup.pageUsed()
    await used.answer()
    expect(used.setup.shown).toBe(false)
    used.setup.open()
    expect(used.setup.shown).toBe(true)
    vi.useRealTimers()
  })

  it('stores each step in the node, so that another window continues there', async () => {
    const { setup, kept, api } = await opened()
    setup.leave('done', scope)
    setup.leave('skipped', scope)
    await eventually(() => expect(kept()?.step).toBe('cluster'))
    const other = new Setup(api)
    await other.read()
    expect(other.progress).toMatchObject({ step: 'cluster', outcomes: { welcome: 'done', machine: 'skipped' } })
    expect(other.shown).toBe(true)
  })

  it('stores quick steps in order, also when the page ends meanwhile', async () => {
    const { setup, api } = await opened()
    const answered: (() => void)[] = []
    const later = () => new Promise<Response>((resolve) => answered.push(() => resolve(json({ error: {} }, 503))))
    const sent = () =>
      api.asked.flatMap(({ method, json }) => (method === 'PATCH' ? [(json as SetupProgress).step] : []))
    api.next(later, later, later)
    for (let steps = 0; steps < 3; steps += 1) setup.leave('skipped', scope)
    expect(setup.progress.step).toBe('model')
    expect(sent()).toEqual(['machine'])
    answered.shift()?.()
    await eventually(() => expect(sent()).toHaveLength(2))
    setup.back(scope)
    setup.goTo('machine')
    expect(sent()).toEqual(['machine', 'cluster'])
    dispatchEvent(new Event('pagehide'))
    expect(sent()).toEqual(['machine', 'cluster', 'machine'])
    expect(setup.progress.step).toBe('machine')
    setup.close()
  })

  it('shows no older step when the node answers for one while the next one waits', async () => {
    const { setup, kept } = await opened()
    setup.leave('done', scope)
    setup.leave('done', scope)
    const steps = new Set<string>()
    await eventually(() => {
      steps.add(setup.progress.step)
      expect(kept()?.step).toBe('cluster')
    })
    expect([...steps]).toEqual(['cluster'])
  })

  it('goes back, and to visited steps only', async () => {
    const { setup } = await opened()
    setup.leave('done', scope)
    setup.leave('done', scope)
    setup.back(scope)
    expect(setup.progress.step).toBe('machine')
    setup.goTo('welcome')
    expect(setup.progress.step).toBe('welcome')
    setup.goTo('connect')
    expect(setup.progress.step).toBe('welcome')
  })

  it('is postponed until the user opens it again, at the same step', async () => {
    const { setup, kept } = await opened()
    setup.leave('done', scope)
    setup.later()
    expect(setup.shown).toBe(false)
    await eventually(() => expect(kept()?.state).toBe('later'))
    setup.open()
    expect(setup.shown).toBe(true)
    expect(setup.progress.step).toBe('machine')
  })

  it('goes on where it was left also if it is opened before the node has said where', async () => {
    const answers: (() => void)[] = []
    const progress: SetupProgress = { step: 'model', state: 'later', outcomes: { welcome: 'done' } }
    const late = () =>
      new Promise<Response>((resolve) =>
        answers.push(() => resolve(json({ offered: false, python: { status: 'ready' }, progress }))),
      )
    const { api, kept } = node({ progress })
    api.next(late, late)
    const setup = new Setup(api)
    void setup.read()
    setup.open()
    expect(setup.shown).toBe(true)
    for (const answer of answers) answer()
    await eventually(() => expect(kept()).toEqual({ ...progress, state: 'open' }))
    expect([setup.shown, setup.progress.step]).toEqual([true, 'model'])
  })

  it('closes after its last step, and starts again when it is opened again', async () => {
    const { setup, kept } = await opened({ progress: { step: 'connect', state: 'open', outcomes: {} } })
    setup.leave('done', scope)
    expect(setup.shown).toBe(false)
    await eventually(() => expect(kept()?.state).toBe('done'))
    setup.open()
    expect(setup.progress).toMatchObject({ step: 'welcome', outcomes: {} })
  })

  it('records the first model', async () => {
    const { setup, kept } = await opened()
    setup.launched(MetaInstanceId.parse('m-1'))
    await eventually(() => expect(kept()?.metaInstanceId).toBe('m-1'))
  })

  it('continues if the node cannot store it, and says so', async () => {
    const { api } = node()
    const setup = new Setup(api)
    await setup.read()
    api.next(() => json({ error: { code: 'settings_not_written', message: 'The disk is full' } }, 503))
    setup.leave('done', scope)
    expect(setup.progress.step).toBe('machine')
    await eventually(() => expect(setup.problem).toBeDefined())
    expect(setup.progress.step).toBe('machine')
  })
})
