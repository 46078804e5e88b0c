import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WarningsResponse } from '@core/protocols/control'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { muster } from '../harness/muster'

const PROBLEM = 'There is no Python 3.11 or newer.'

const doctor = (url: string, ...args: string[]) => muster({ url }, 'doctor', ...args)

describe('muster doctor', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode | undefined

  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  afterEach(async () => {
    await node?.stop()
    node = undefined
    folder.dispose()
  })

  it('finds nothing wrong with a node that can do its work', async () => {
    node = await startHeadless({ dataDir: folder.path })
    expect(await doctor(node.url)).toEqual({ out: 'Nothing is wrong.\n', err: '', code: 0 })
  })

  it('says what a node lacks, for people and for programs, as GET /warnings does', async () => {
    const env = { MUSTER_PYTHON: '', MUSTER_PYTHON_PROBLEM: PROBLEM }
    node = await startHeadless({ dataDir: folder.path, args: ['--name', 'build machine'], env })
    const people = await doctor(node.url)
    expect(people).toMatchObject({ err: '', code: 1 })
    expect(people.out).toMatch(
      /^Warning: build machine can’t run models\.\n {2}There is no Python 3\.11 or newer\.\n {2}1\. /,
    )
    const programs = await doctor(node.url, '--json')
    expect(programs.code).toBe(1)
    const answer: unknown = await (await new Control(node.url).request('/warnings')).json()
    expect(JSON.parse(programs.out)).toEqual({ ...WarningsResponse.parse(answer), connections: [], declarations: [] })
    expect(WarningsResponse.parse(answer).warnings).toMatchObject([{ code: 'cannot-run', nodeIds: [node.nodeId] }])
  })

  it('says plainly that no node answers, and refuses what it does not know', async () => {
    node = await startHeadless({ dataDir: folder.path })
    const { url } = node
    await node.stop()
    expect(await doctor(url)).toMatchObject({
      out: '',
      err: expect.stringContaining(`No node answers at ${url}`),
      code: 3,
    })
    expect((await doctor(url, '--thorough')).code).toBe(2)
  })
})
