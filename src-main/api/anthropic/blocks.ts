import { z } from 'zod'
import { ImagePart, ToolCallPart } from '@core/generation/conversation'

export const TextBlock = z.object({ type: z.literal('text'), text: z.string() })

const ImageBlock = z.object({
  type: z.literal('image'),
  source: z.discriminatedUnion(
    'type',
    [
      z.object({
        type: z.literal('base64'),
        media_type: ImagePart.shape.mediaType,
        data: ImagePart.shape.data,
      }),
    ],
    { error: 'only images in base64 are supported: nothing is fetched from elsewhere' },
  ),
})

const TextOrImages = z.union([z.string(), z.array(z.discriminatedUnion('type', [TextBlock, ImageBlock]))])

const DocumentBlock = z.object({
  type: z.literal('document'),
  title: z.string().nullish(),
  context: z.string().nullish(),
  source: z.discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text'), data: z.string() }),
      z.object({ type: z.literal('content'), content: TextOrImages }),
    ],
    { error: 'only documents of text are supported: {"type": "text", "media_type": "text/plain", "data": …}' },
  ),
})

const SearchResultBlock = z.object({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(TextBlock),
})

/** Names a tool found by tool search; its definition is among the request's tools. */
const ToolReferenceBlock = z.object({ type: z.literal('tool_reference'), tool_name: z.string() })

const ToolResultBlock = z.object({
  type: z.literal('tool_result'),
  tool_use_id: ToolCallPart.shape.id,
  content: z
    .union([
      z.string(),
      z.array(
        z.discriminatedUnion('type', [TextBlock, ImageBlock, DocumentBlock, SearchResultBlock, ToolReferenceBlock]),
      ),
    ])
    .nullish(),
  is_error: z.boolean().nullish(),
})

const ToolUseBlock = z.object({
  type: z.literal('tool_use'),
  id: ToolCallPart.shape.id,
  name: ToolCallPart.shape.name,
  input: z.record(z.string(), z.unknown()),
})

const ThinkingBlock = z.object({ type: z.literal('thinking'), thinking: z.string() })

/**
 * Blocks that only Anthropic's own service can produce or read, from conversations that began there. They are ignored
 * and listed in the response header.
 */
export const FOREIGN_BLOCKS = [
  'redacted_thinking',
  'server_tool_use',
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
  'container_upload',
  'compaction',
] as const
const ForeignBlock = z.object({ type: z.enum(FOREIGN_BLOCKS) })

/** Content blocks of a user message. */
export const UserBlock = z.discriminatedUnion('type', [
  TextBlock,
  ImageBlock,
  DocumentBlock,
  SearchResultBlock,
  ToolResultBlock,
  ForeignBlock,
])
export type UserBlock = z.infer<typeof UserBlock>

/** Content blocks of an assistant message. */
export const AssistantBlock = z.discriminatedUnion('type', [TextBlock, ThinkingBlock, ToolUseBlock, ForeignBlock])
export type AssistantBlock = z.infer<typeof AssistantBlock>

export type ToolResultBlock = z.infer<typeof ToolResultBlock>
/** Content blocks of a tool result, and those a user message shares with it. */
export type ShownBlock = Exclude<NonNullable<ToolResultBlock['content']>, string>[number]
