import { join } from 'node:path'
import { expect } from '@playwright/test'
import { answer, questions, withPerson } from '../harness/desktop-app'
import { connected, ended, test } from '../harness/desktop-test'
import { startHeadless, temporaryFolder } from '../harness/headless-node'

test('a node that cannot start is explained, and can be tried again', async ({ folder, start }) => {
  const holder = await startHeadless({ dataDir: folder.path })
  const electron = await start({ main: withPerson(folder.path) })
  await expect
    .poll(() => questions(electron))
    .toMatchObject([{ message: 'Muster can’t start.', buttons: ['Try again', 'Copy details', 'Quit'] }])
  const [question] = await questions(electron)
  expect(question?.detail).toContain(folder.path)
  await answer(electron, 'Copy details')
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const copied = await electron.evaluate(({ clipboard }) => clipboard.readText())
  expect(copied).toContain(folder.path)
  expect(copied).toMatch(/Code: \w+/)

  await holder.stop()
  await answer(electron, 'Try again')
  await connected(electron)
})

test('a port in use is named, and quitting from there ends the app', async ({ folder, start }) => {
  const other = temporaryFolder()
  const holder = await startHeadless({ dataDir: other.path })
  const { port } = new URL(holder.url)
  const electron = await start({ main: withPerson(folder.path), env: { MUSTER_PORT: port } })
  await expect.poll(() => questions(electron)).toHaveLength(1)
  expect((await questions(electron))[0]?.detail).toContain(port)
  const end = ended(electron)
  await answer(electron, 'Quit')
  await end
  await holder.stop()
  other.dispose()
})

test('the app is quit while it explains why its node cannot start', async ({ folder, start }) => {
  const holder = await startHeadless({ dataDir: folder.path })
  const electron = await start({ main: withPerson(folder.path) })
  await expect.poll(() => questions(electron)).toHaveLength(1)
  const end = ended(electron)
  electron.process().kill('SIGTERM')
  await end
  await holder.stop()
})

test('a data folder may be named from where the app is started', async ({ folder, start }) => {
  const electron = await start({ cwd: folder.path, env: { MUSTER_DATA_DIR: 'data' } })
  await connected(electron)
  expect(await electron.evaluate(({ app: running }) => running.getPath('userData'))).toBe(
    join(folder.path, 'data', 'desktop'),
  )
})
