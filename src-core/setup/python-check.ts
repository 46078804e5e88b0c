import type { PythonView } from '../protocols/setup'
import type { Check } from './check'

/** Whether models can run here at all. */
export const pythonCheck = ({ python }: { readonly python: PythonView }): Check => {
  const check = { id: 'python', title: 'What runs models' } as const
  const { reason, hint, step } = python
  switch (python.status) {
    case 'ready':
      return { ...check, state: 'ok', line: 'Python and MLX are installed', fix: [] }
    case 'installing':
      return {
        ...check,
        state: 'working',
        line: step === undefined ? 'Beginning' : `${step.title} · step ${step.at} of ${step.of}`,
        fix: [],
      }
    case 'missing':
      return {
        ...check,
        state: 'problem',
        line: 'Python and MLX are not installed yet',
        fix: [{ text: 'Install them into Muster’s own folder: about 1 GB, and nothing else on this machine changes.' }],
      }
    case 'failed':
      return {
        ...check,
        state: 'problem',
        line: `Not installed: ${reason ?? 'it does not say why'}`,
        fix: [{ text: hint ?? 'Try again: what was fetched is kept.' }],
      }
  }
}
