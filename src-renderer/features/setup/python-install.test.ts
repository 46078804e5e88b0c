import { describe, expect, it } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { FakeApi, FakeStream, json } from '../../testing/fake-api'
import { PythonInstall } from './python-install.svelte'

describe('the Python installation in a window', () => {
  it('follows the stream, even if the answer to the request arrives later', async () => {
    const stream = new FakeStream()
    let answer: (response: Response) => void = () => undefined
    const asked = new Promise<Response>((resolve) => (answer = resolve))
    const install = new PythonInstall(new FakeApi().next(stream.response, () => asked))
    const stop = install.watch()
    const installing = install.install()
    stream.send({ kind: 'view', view: { status: 'installing' } })
    stream.send({ kind: 'output', text: 'no route to host' })
    stream.send({ kind: 'view', view: { status: 'failed', reason: 'no route to host' } })
    await eventually(() => expect(install.view?.status).toBe('failed'))
    answer(json({ status: 'installing' }))
    await installing
    expect(install.view).toEqual({ status: 'failed', reason: 'no route to host' })
    expect(install.printed).toBe('no route to host')
    stop()
  })
})
