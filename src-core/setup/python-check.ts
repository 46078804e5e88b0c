import type { PythonView } from '../protocols/setup'
import { clauses, coded, type CodedText } from '../texts/coded'
import type { Check } from './check'

const stepLine = ({ title, coded: codes, at, of }: NonNullable<PythonView['step']>): CodedText =>
  coded('checks.python.step', { title: clauses(codes ?? title), at, of })

/** Checks whether models can run here at all. */
export const pythonCheck = ({ python }: { readonly python: PythonView }): Check => {
  const check = { id: 'python', title: coded('checks.python.title') } as const
  const { reason, hint, step, coded: codes } = python
  switch (python.status) {
    case 'ready':
      return { ...check, state: 'ok', line: coded('checks.python.ready'), fix: [] }
    case 'installing':
      return {
        ...check,
        state: 'working',
        line: step === undefined ? coded('checks.python.beginning') : stepLine(step),
        fix: [],
      }
    case 'missing':
      return {
        ...check,
        state: 'problem',
        line: coded('checks.python.missing'),
        fix: [{ text: coded('checks.python.install') }],
      }
    case 'failed':
      return {
        ...check,
        state: 'problem',
        line:
          reason === undefined
            ? coded('checks.python.failedSilently')
            : coded('checks.python.failed', { reason: clauses(codes?.reason ?? reason) }),
        fix: [
          {
            text:
              hint === undefined
                ? coded('checks.python.again')
                : coded('checks.python.hint', { hint: clauses(codes?.hint ?? hint) }),
          },
        ],
      }
  }
}
