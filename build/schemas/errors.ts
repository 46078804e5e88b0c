import { ERROR_GROUPS } from '@core/errors/error-codes'

export const ERRORS_FILE = 'docs/errors.md'

const HEAD = `# Error codes

Every error of the API has a code, which programs may compare: codes are never renamed. Control routes, and OpenAI's, have it as \`error.code\`; Anthropic's and Ollama's clients know no codes, so there the status and the text say the same. A status is missing where the code is not an answer but stands in a state: \`placementError\` of a declaration, \`join\` of \`GET /cluster\`. Where trying again helps, the header \`Retry-After\` says when.

This page is written by \`npm run schemas\` from the list that the code answers by.
`

/** Generates the file's text. */
export const errorsText = (): string =>
  [
    HEAD,
    ...ERROR_GROUPS.map(({ title, errors }) =>
      [
        `## ${title}`,
        '',
        '| code | status | when | what to do |',
        '| --- | --- | --- | --- |',
        ...Object.entries(errors).map(
          ([code, { statuses, cause, remedy }]) => `| \`${code}\` | ${statuses.join(', ')} | ${cause} | ${remedy} |`,
        ),
        '',
      ].join('\n'),
    ),
  ].join('\n')
