import { describe, expect, it } from 'vitest'
import { installationSteps, stepEnvironment } from './installation'

const places = {
  uv: '/app/bin/uv',
  requirements: '/app/native-runner/requirements.txt',
  source: '/app/native-runner/src',
  folder: '/data/runner-environment',
  pythons: '/data/pythons',
}

describe('making the runner’s Python environment', () => {
  it('installs just the pinned packages, by their hashes', () => {
    const [, packages] = installationSteps({ ...places, platform: 'linux' })
    expect(packages?.args.slice(0, 2)).toEqual(['pip', 'sync'])
    expect(packages?.args).toContain('--require-hashes')
    expect(packages?.args.at(-1)).toBe(places.requirements)
  })

  it.each([
    ['darwin', 'only-managed'],
    ['linux', 'managed'],
  ] as const)('on %s takes a Python that is %s', (platform, preference) => {
    const [environment] = installationSteps({ ...places, platform })
    expect(environment?.args).toContain(preference)
    expect(environment?.env['UV_PYTHON_INSTALL_DIR']).toBe(places.pythons)
  })

  it('ends by importing what was installed with the new interpreter', () => {
    const last = installationSteps({ ...places, platform: 'darwin' }).at(-1)
    expect(last).toMatchObject({
      file: '/data/runner-environment/bin/python',
      env: { PYTHONPATH: places.source },
    })
  })

  it('keeps proxies and mirrors, and drops what belongs to another Python', () => {
    const [environment] = installationSteps({ ...places, platform: 'linux' })
    if (environment === undefined) throw new Error('there is no first step')
    const env = stepEnvironment(environment, {
      PATH: '/bin',
      HTTPS_PROXY: 'http://proxy:3128',
      UV_INDEX_URL: 'https://mirror.example/simple',
      SSL_CERT_FILE: '/etc/ca.pem',
      PYTHONHOME: '/elsewhere',
      VIRTUAL_ENV: '/elsewhere',
      CONDA_PREFIX: '/elsewhere',
      UV_PYTHON: '3.9',
      MUSTER_PYTHON: '/elsewhere/python',
      EMPTY: undefined,
    })
    expect(Object.keys(env).sort()).toEqual([
      'HTTPS_PROXY',
      'PATH',
      'SSL_CERT_FILE',
      'UV_INDEX_URL',
      'UV_PYTHON_INSTALL_DIR',
      'UV_SYSTEM_CERTS',
    ])
  })
})
