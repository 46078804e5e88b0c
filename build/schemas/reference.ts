import type { Command } from 'commander'
import { AREAS } from '@main/api/openapi/areas'
import { buildProgram } from '@main/cli/program'

export const COMMANDS_FILE = 'docs/reference/commands.md'
export const API_FILE = 'docs/reference/api.md'

const WIDTH = 100

/** The output of a command's `--help`, with examples. */
const helpOf = (command: Command): string => {
  let text = ''
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  })
  command.outputHelp()
  return text.trim()
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`

const sectionsOf = (command: Command): string[] => [
  `## ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n`,
  ...command.commands.flatMap(sectionsOf),
]

/** The page with the help of all commands. */
export const commandsText = (): string =>
  [
    '# Commands\n\nWhat `muster COMMAND --help` prints, written by `npm run schemas`. [Output, names and exit codes](../cli.md).\n',
    ...sectionsOf(buildProgram(() => undefined)),
  ].join('\n')

const API_HEAD = `# API

Every node answers for the whole cluster. \`GET /openapi.json\` of a running node has the schemas, from which clients can be made; \`GET /docs\` has commands that can be tried as they stand. Errors have [codes](../errors.md). This page is written by \`npm run schemas\`.
`

const bodyOf = (named: object | undefined): string =>
  Object.keys(named ?? {})
    .map((name) => `\`${name}\``)
    .join()

/** The page with all routes. */
export const apiText = (): string =>
  [
    API_HEAD,
    ...AREAS.map(({ tag, routes }) =>
      [
        `## ${tag}\n`,
        '| route | does | body | answer |',
        '| --- | --- | --- | --- |',
        ...routes.map(
          ({ method, path, does, body, answer, media }) =>
            `| \`${method.toUpperCase()} ${path}\` | ${does} | ${bodyOf(body)} | ${media ?? bodyOf(answer)} |`,
        ),
        '',
      ].join('\n'),
    ),
  ].join('\n')
