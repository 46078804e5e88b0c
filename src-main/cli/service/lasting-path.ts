/** A program of a Homebrew formula, in the folder of one version: `PREFIX/Cellar/FORMULA/VERSION/…`. */
const IN_CELLAR = /^(.*)\/Cellar\/([^/]+)\/[^/]+\/(.+)$/

/**
 * The path of a program that stays when the program is updated. Homebrew removes the folder of the version before, and
 * keeps a link to the current one in `PREFIX/opt/FORMULA`; other paths are returned unchanged.
 *
 * @param realPath resolves links; throws if there is no such file
 */
export const lastingPath = (program: string, realPath: (path: string) => string): string => {
  const [, prefix, formula, rest] = IN_CELLAR.exec(program) ?? []
  if (prefix === undefined) return program
  const linked = `${prefix}/opt/${formula}/${rest}`
  try {
    return realPath(linked) === realPath(program) ? linked : program
  } catch {
    return program
  }
}
