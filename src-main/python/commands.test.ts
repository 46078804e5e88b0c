import { inEnglish } from '@core/texts/english'
import { describe, expect, it } from 'vitest'
import { environmentCommands, installEnvironment, starterCommand } from './commands'
import { fitsRunner } from './tools'

const where = { folder: '/data/python/abc', requirements: '/app/native-runner/requirements.txt' }
const uv = { kind: 'uv', executable: '/opt/uv' } as const
const python = { kind: 'python', executable: '/usr/bin/python3.13', version: '3.13' } as const

describe('the commands that install the Python environment', () => {
  it('make it with uv, pinned by hash, and try it', () => {
    const commands = environmentCommands({ tool: uv, ...where, isMade: false, platform: 'linux' })
    expect(commands.map(({ file, args }) => [file, ...args].join(' '))).toEqual([
      '/opt/uv venv --no-project --python >=3.11,<3.15 --python-preference managed /data/python/abc',
      '/opt/uv pip sync --python /data/python/abc/bin/python --require-hashes --compile-bytecode /app/native-runner/requirements.txt',
      '/data/python/abc/bin/python -c import muster_runner, mlx.core; print("It works.")',
    ])
  })

  it('bring a Python along on a Mac', () => {
    const [make] = environmentCommands({ tool: uv, ...where, isMade: false, platform: 'darwin' })
    expect(make?.args).toContain('only-managed')
  })

  it('keep proxies and mirrors, and drop what belongs to another Python', () => {
    const env = installEnvironment(
      {
        PATH: '/bin',
        HTTPS_PROXY: 'http://proxy:3128',
        UV_INDEX_URL: 'https://mirror.example/simple',
        PYTHONHOME: '/elsewhere',
        VIRTUAL_ENV: '/elsewhere',
        UV_PYTHON: '3.9',
        MUSTER_PYTHON: '/elsewhere/python',
        EMPTY: undefined,
      },
      { source: '/src', pythons: '/data/python/pythons' },
    )
    expect(env).toMatchObject({ PATH: '/bin', HTTPS_PROXY: 'http://proxy:3128', PYTHONPATH: '/src' })
    for (const name of ['PYTHONHOME', 'VIRTUAL_ENV', 'UV_PYTHON', 'MUSTER_PYTHON', 'EMPTY'])
      expect(env).not.toHaveProperty(name)
  })

  it('make it with Python’s own tools where there is no uv', () => {
    const commands = environmentCommands({ tool: python, ...where, isMade: false })
    expect(commands.map(({ file }) => file)).toEqual([
      '/usr/bin/python3.13',
      '/data/python/abc/bin/python',
      '/data/python/abc/bin/python',
    ])
    expect(commands[1]?.args).toContain('--require-hashes')
  })

  it('continue with an environment that was made before', () => {
    const titles = environmentCommands({ tool: uv, ...where, isMade: true }).map(({ title }) => inEnglish(title))
    expect(titles).toEqual(['Installing MLX and what it needs', 'Trying it'])
  })

  it('fetch the starter model without anything that it depends on', () => {
    const { args } = starterCommand(uv, { python: '/p', target: '/t', requirements: '/r.txt' })
    expect(args).toContain('--no-deps')
    expect(args).toContain('--require-hashes')
  })

  it.each([
    [3, 11, true],
    [3, 14, true],
    [3, 10, false],
    [3, 15, false],
    [2, 12, false],
  ])('take Python %i.%i: %s', (major, minor, fits) => {
    expect(fitsRunner(major, minor)).toBe(fits)
  })
})
