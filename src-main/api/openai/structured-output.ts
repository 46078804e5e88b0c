import { z } from 'zod'
import type { OutputFormat } from '@core/generation/request'
import { invalidField } from './invalid-field'
import { keywordsNotKept } from './schema-keywords'

const JsonSchema = z.record(z.string(), z.unknown())
const Choice = z.array(z.string().min(1)).min(1).max(1000)
const Source = z.string().min(1)

/** A schema with a name, which says nothing here. Not `strict`: kept to as far as a grammar can tell. */
const NamedSchema = z.object({
  schema: JsonSchema.nullish(),
  strict: z.boolean().nullish(),
  name: z.unknown().optional(),
  description: z.unknown().optional(),
})

/** A schema that an answer is held to. */
export const bySchema = (
  schema: Readonly<Record<string, unknown>>,
  strict: boolean | null | undefined,
): Extract<OutputFormat, { kind: 'jsonSchema' }> => ({
  kind: 'jsonSchema',
  schema,
  ...(strict === false && { lenient: true }),
})

/** For the answer's header: keywords of a format's schema that the answer is not held to. */
export const ignoredKeywords = (format: OutputFormat | undefined, field: string): string[] =>
  format?.kind === 'jsonSchema' && format.lenient
    ? keywordsNotKept(format.schema).map((keyword) => `${field}.${keyword}`)
    : []

/** OpenAI's field; a schema beside `json_object` is llama.cpp's and others' form of it. */
export const ResponseFormat = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('text') }),
    z.object({ type: z.literal('json_object'), schema: JsonSchema.nullish() }),
    z.object({ type: z.literal('json_schema'), json_schema: NamedSchema }),
  ],
  { error: 'only the types text, json_object and json_schema are supported' },
)

/** vLLM's fields for what an answer must match, as it has them now and had them before. Grammars are Lark's. */
export const guidedFields = {
  structured_outputs: z
    .object({
      json: JsonSchema.nullish(),
      regex: Source.nullish(),
      choice: Choice.nullish(),
      grammar: Source.nullish(),
      json_object: z.boolean().nullish(),
      structural_tag: z.null({ error: 'structural tags are not supported' }).optional(),
    })
    .nullish(),
  guided_json: JsonSchema.nullish(),
  guided_regex: Source.nullish(),
  guided_choice: Choice.nullish(),
  guided_grammar: Source.nullish(),
}

export type Guided = z.infer<z.ZodObject<typeof guidedFields>>

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

const regexOf = (source: string): OutputFormat => ({ kind: 'grammar', syntax: 'regex', source })

/** The first of vLLM's fields that says something. Throws Problem where another one does too. */
const guided = (body: Guided): OutputFormat | undefined => {
  const { structured_outputs: now } = body
  const forms: readonly (readonly [string, OutputFormat | undefined])[] = (
    [
      ['structured_outputs.', now?.json, now?.regex, now?.choice, now?.grammar],
      ['guided_', body.guided_json, body.guided_regex, body.guided_choice, body.guided_grammar],
    ] as const
  ).flatMap(([prefix, json, regex, choice, grammar]) => [
    [`${prefix}json`, json ? { kind: 'jsonSchema', schema: json } : undefined],
    [`${prefix}regex`, regex ? regexOf(regex) : undefined],
    [`${prefix}choice`, choice ? regexOf(choice.map(escaped).join('|')) : undefined],
    [`${prefix}grammar`, grammar ? { kind: 'grammar', syntax: 'lark', source: grammar } : undefined],
  ])
  const [first, second] = forms.filter(([, format]) => format !== undefined)
  if (first && second) throw invalidField(second[0], `an answer cannot be held to "${first[0]}" too`)
  return first?.[1] ?? (now?.json_object ? { kind: 'json' } : undefined)
}

/** What an answer is held to, if anything. Throws Problem. */
export const toFormat = (
  body: Guided & { readonly response_format?: z.infer<typeof ResponseFormat> | null | undefined },
): OutputFormat | undefined => {
  const { response_format: format } = body
  const held = guided(body)
  if (held) return held
  switch (format?.type) {
    case 'json_object':
      return format.schema ? { kind: 'jsonSchema', schema: format.schema } : { kind: 'json' }
    case 'json_schema': {
      const { schema, strict } = format.json_schema
      return schema ? bySchema(schema, strict) : { kind: 'json' }
    }
    case 'text':
    case undefined:
      return undefined
  }
}
