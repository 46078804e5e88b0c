import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Day } from '@core/schedules/hours'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'
import { muster } from '../harness/muster'

/** A day of the week that is neither today nor a day beside it, whatever the time zone. Midnight may come meanwhile. */
const FAR: Day = Day.options[(new Date().getUTCDay() + 2) % 7] ?? 'Mon'
const DAY_S = 86_400

const Served = z.object({ status: z.string(), models: z.array(z.object({ status: z.string(), serving: z.boolean() })) })

describe('a declaration with hours', () => {
  const folder = temporaryFolder()
  let node: HeadlessNode
  let control: Control
  const run = (...args: string[]) => muster({ url: node.url }, ...args)
  const ask = () =>
    fetch(`${node.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'office', prompt: 'hi', max_tokens: 2 }),
    })
  const file = (hours: string): string => {
    const place = join(folder.path, 'office.yaml')
    writeFileSync(place, `name: office\nmodelId: ${TINY}\n${hours}`)
    return place
  }
  const off = `hours:\n  - { days: [${FAR}], from: 03:00, to: 04:00, timeZone: Europe/Berlin, machines: [here] }\n`

  beforeAll(async () => {
    addTinyModel(folder.path)
    const args = ['--name', 'here', '--load-on-request', 'off']
    node = await startHeadless({ dataDir: folder.path, args })
    control = new Control(node.url)
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('is applied, compared and read back as a file', async () => {
    const place = file(off)
    expect(await run('apply', '-f', place)).toMatchObject({ out: 'office: declared\n', code: 0 })
    expect(await run('diff', '-f', place)).toMatchObject({ out: '', code: 0 })
    const { out } = await run('get', 'office')
    expect(out).toContain('timeZone: Europe/Berlin')
    expect(out).toContain('- here')
    expect(await run('ps')).toMatchObject({ out: expect.stringMatching(/office +OFF_HOURS/) as string })
  })

  it('is no trouble outside of them, and answers requests with when to come back', async () => {
    const health = await fetch(`${node.url}/health?models=1`)
    expect([health.status, Served.parse(await health.json())]).toEqual([
      200,
      { status: 'ok', models: [{ status: 'OFF_HOURS', serving: false }] },
    ])
    const answer = await ask()
    expect(answer.status).toBe(503)
    expect(await answer.text()).toMatch(new RegExp(`outside its hours, until ${FAR} 03:00 \\(Europe/Berlin\\)`))
    const retryAfter = Number(answer.headers.get('retry-after'))
    expect(retryAfter).toBeGreaterThan(0)
    expect(retryAfter).toBeLessThanOrEqual(DAY_S)
  })

  it('is refused with what is wrong of its hours', async () => {
    const zone = file(off.replace('Europe/Berlin', 'Berlin'))
    expect(await run('apply', '-f', zone)).toMatchObject({
      err: expect.stringMatching(/office\.yaml:4:\d+: hours\.0\.timeZone: there is no such time zone/) as string,
      code: 2,
    })
    const field = file(off.replace('timeZone', 'time_zone'))
    expect(await run('apply', '-f', field)).toMatchObject({
      err: expect.stringMatching(/time_zone is not a field of hours: did you mean timeZone\?/) as string,
    })
    const machine = file(off.replace('[here]', '[there]'))
    expect(await run('apply', '-f', machine)).toMatchObject({
      err: expect.stringContaining('There is no machine "there"') as string,
      code: 1,
    })
  })

  it('is loaded by a request all the same where the node loads on request', async () => {
    await node.stop()
    node = await startHeadless({ dataDir: folder.path, args: ['--name', 'here', '--load-on-request', 'on'] })
    control = new Control(node.url)
    expect((await ask()).status).toBe(200)
  })

  it('is always in memory again once a file has none', async () => {
    expect(await run('apply', '-f', file(''))).toMatchObject({ out: 'office: changed\n', code: 0 })
    expect(await run('wait', 'office', '--timeout', '240')).toMatchObject({ code: 0 })
    const declared = Object.values((await control.state()).metaInstances)
    expect(declared.map(({ schedule }) => schedule)).toEqual([undefined])
  })
})
