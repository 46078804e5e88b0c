import { describe, expect, it } from 'vitest'
import { MetaInstanceId, ModelId } from '@core/ids'
import { FakeApi, json } from '../../testing/fake-api'
import { BenchmarkRun } from './benchmark-run.svelte'

const declaration = { metaInstanceId: MetaInstanceId.parse('chat'), modelId: ModelId.parse('m/small') }
const plan = () => json({ placements: [], disturbs: { serving: false, requests: 0, loads: 0 } })
const refused = () => json({ error: { code: 'unreachable', message: 'away' } }, 503)

describe('what a benchmark would measure', () => {
  it('is not that of another choice: nothing is shown where it cannot be asked for', async () => {
    const run = new BenchmarkRun(new FakeApi().next(plan, refused), declaration)
    await run.choose('here')
    expect(run.plan).toBeDefined()
    await run.choose('everywhere')
    expect([run.plan, run.problem]).toEqual([undefined, expect.objectContaining({ code: 'unreachable' })])
  })

  it('is asked for without the failure of a choice that was changed meanwhile', async () => {
    let fail = (): void => undefined
    const late = new Promise<Response>((resolve) => {
      fail = () => resolve(refused())
    })
    const run = new BenchmarkRun(
      new FakeApi().next(() => late, plan),
      declaration,
    )
    const first = run.choose('everywhere')
    await run.choose('here')
    fail()
    await first
    expect([run.scope, run.plan === undefined, run.problem]).toEqual(['here', false, undefined])
  })
})
