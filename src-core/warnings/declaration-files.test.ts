import { expect, it } from 'vitest'
import { declarationFaults, type DeclarationFault } from '../state/declaration-faults'
import { Macs } from '../testing/macs'
import { declarationFileDetector } from './declaration-files'
import { aboutOf, englishWarning, type Warning } from './warning'

const FOLDER = '/srv/declarations'
const TYPO = { file: 'team/chat.yaml', line: 3, column: 1, message: 'maxcontext is not a field of a declaration' }

const found = (...faults: readonly DeclarationFault[]): Warning[] => {
  const macs = new Macs()
  macs.says(macs.mac('Mac Studio'), { declarationFaults: declarationFaults(FOLDER, faults) })
  return declarationFileDetector(macs.state).map((one) => englishWarning({ ...one, about: aboutOf(one.subject) }))
}

const causeOf = (...faults: readonly DeclarationFault[]): string | undefined => found(...faults)[0]?.cause

it('is not given of a machine that watches no folder, or whose files are all applied', () => {
  expect(found()).toEqual([])
})

it('names the machine, the folder, and each fault by file, line and column', () => {
  const [warning] = found(TYPO, { file: 'taken.yaml', message: 'another model has this name' })
  expect(warning).toMatchObject({
    code: 'declaration-files',
    severity: 'warning',
    title: 'Not all declaration files on Mac Studio are applied.',
    fix: [{ text: expect.stringContaining(`Correct the files in ${FOLDER} on Mac Studio`) }, {}],
    subject: { kind: 'node' },
  })
  expect(warning?.cause).toContain(
    `In ${FOLDER}: team/chat.yaml:3:1: ${TYPO.message}; taken.yaml: another model has this name.`,
  )
})

it('says of a folder that cannot be read only that', () => {
  expect(causeOf({ message: 'cannot be read (ENOENT)' })).toContain(`In ${FOLDER}: cannot be read (ENOENT).`)
})

it('counts the faults beyond the first ten, and cuts long messages', () => {
  const many = Array.from({ length: 12 }, (_, at) => ({ file: `${at}.yaml`, message: 'x'.repeat(1000) }))
  const cause = causeOf(...many) ?? ''
  expect(cause).toContain('9.yaml')
  expect(cause).not.toContain('10.yaml')
  expect(cause).toContain('2 more faults')
  expect(cause.length).toBeLessThan(4000)
})

it('is another one after another fault, so that it is shown again where the first was dismissed', () => {
  const ids = [found(TYPO), found(TYPO), found({ ...TYPO, line: 4 })].map(([one]) => one?.id)
  expect(ids[0]).toBe(ids[1])
  expect(ids[0]).not.toBe(ids[2])
})
