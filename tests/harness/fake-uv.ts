import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python, required } from './paths'

/** A fake uv that makes an environment from the tests' own Python, controlled by the test. */
export interface FakeUv {
  /** Environment for a node without Python that finds this uv. */
  readonly env: Readonly<Record<string, string>>
  /** Makes installations fail with this error. */
  fail(message: string): void
  /** Makes installations succeed. */
  mend(): void
  /** Blocks installations until `release`. */
  hold(): void
  release(): void
}

/** Writes it into a folder, which must exist. */
export const fakeUv = (folder: string): FakeUv => {
  const home = join(folder, 'fake-uv')
  mkdirSync(home, { recursive: true })
  const program = join(home, 'uv')
  const [failure, held] = [join(home, 'failure'), join(home, 'held')]
  writeFileSync(
    program,
    `#!/bin/sh
for last; do :; done
case "$1" in
  venv)
    mkdir -p "$last/bin"
    printf '#!/bin/sh\\nexec "%s" "$@"\\n' "${required(python, 'run \`npm test\`, which makes it')}" > "$last/bin/python"
    chmod +x "$last/bin/python"
    echo "Using Python, creating a virtual environment"
    ;;
  pip)
    echo "Resolved 40 packages"
    while [ -e "${held}" ]; do sleep 0.1; done
    if [ -e "${failure}" ]; then cat "${failure}"; exit 2; fi
    echo "Installed 40 packages"
    ;;
esac
`,
  )
  chmodSync(program, 0o755)
  return {
    env: { MUSTER_PYTHON: '', MUSTER_UV: program },
    fail: (message) => writeFileSync(failure, `${message}\n`),
    mend: () => rmSync(failure, { force: true }),
    hold: () => writeFileSync(held, ''),
    release: () => existsSync(held) && rmSync(held),
  }
}
