import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeHub, GOOD_TOKEN } from '../harness/fake-hub'
import { temporaryFolder } from '../harness/headless-node'
import { TINY, tinyModel } from '../harness/models'
import { python, required } from '../harness/paths'

describe('the fake hub, asked by Hugging Face’s own client', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
    hub.add(TINY, { folder: tinyModel() })
    hub.add('who/gated', { folder: tinyModel(), gated: true })
    hub.add('who/tiny-torch', { files: { 'config.json': '{}' }, tags: ['pytorch'] })
  })
  afterEach(async () => {
    await hub.close()
    folder.dispose()
  })

  const run = async (script: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { stdout } = await promisify(execFile)(required(python, 'run `npm test`, which makes it'), ['-c', script], {
      env: {
        HF_ENDPOINT: hub.url,
        HF_HOME: folder.path,
        HF_HUB_DISABLE_TELEMETRY: '1',
        HF_HUB_DISABLE_XET: '1',
        ...env,
      },
    })
    return stdout.trim()
  }

  it('gives it every file of a model, byte for byte, of the commit that it names', async () => {
    const names = readdirSync(tinyModel())
    const script = `
import huggingface_hub as h
for name in ${JSON.stringify(names)}:
    print(h.hf_hub_download('${TINY}', name))
`
    const paths = (await run(script)).split('\n')
    for (const [at, name] of names.entries())
      expect(readFileSync(paths[at] ?? '').equals(readFileSync(join(tinyModel(), name)))).toBe(true)
    expect(hub.requests.filter(({ server, authorization }) => server === 'cdn' && authorization !== undefined)).toEqual(
      [],
    )
  })

  it('lists files with sizes and hashes, and finds models by word and tag', async () => {
    const script = `
import huggingface_hub as h
files = h.HfApi().model_info('${TINY}', files_metadata=True).siblings
print([f.rfilename for f in files if f.lfs and f.lfs['sha256'] and f.size])
print([(m.id, m.safetensors is not None) for m in h.HfApi().list_models(search='tiny', filter='mlx', limit=5, expand=['safetensors', 'config'])])
`
    expect((await run(script)).split('\n')).toEqual(["['model.safetensors']", `[('${TINY}', True)]`])
  })

  it('tells what is missing, what is gated and whose token is refused, so that it says so', async () => {
    const failure = (modelId: string) => `
import huggingface_hub as h
try:
    h.hf_hub_download('${modelId}', 'config.json')
except Exception as error:
    print(type(error).__name__, type(error.__cause__).__name__, error.__cause__ and error.__cause__.response.status_code)
`
    expect(await run(failure('nobody/nothing'))).toContain('RepositoryNotFoundError')
    expect(await run(failure('who/gated'))).toContain('GatedRepoError')
    expect(await run(failure('who/gated'), { HF_TOKEN: GOOD_TOKEN })).toBe('')
    expect(await run(failure(TINY), { HF_TOKEN: 'hf_bad' })).toContain('401')
  })
})
