/**
 * Declarations in YAML or JSON files: the public interface of this folder.
 *
 * In: files and folders. Out: documents with the position of each fault; YAML text that keeps comments; for a watched
 * folder, commands to the master, and the faults it has now.
 *
 * 1. A file with a fault changes nothing, and each fault has file, line and column (`parse.test.ts`).
 * 2. A watched folder removes only declarations with its label, and only while all of its files are valid
 *    (`tests/integration/declaration-files.test.ts`).
 * 3. What keeps a file of a watched folder from being applied is reported until it is applied, and no longer
 *    (`folder.test.ts`).
 */
export { applyTo } from './apply'
export { DeclarationFolder } from './folder'
export { parseDeclarations } from './parse'
export {
  type DeclarationFile,
  DeclarationFileError,
  declarationFilesAt,
  readEach,
  requireNoFaults,
  withDuplicateFaults,
} from './read'
export { updatedText, yamlOf } from './write'
