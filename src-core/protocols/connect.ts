import { z } from 'zod'

/** Programs whose configuration in this machine's home folder the node can write. */
export const WritableTool = z.enum(['claude-code', 'codex', 'opencode', 'continue'])
export type WritableTool = z.infer<typeof WritableTool>

export const ToolConfigView = z.object({
  tool: WritableTool,
  /** Path of its configuration, with `~` for the home folder. */
  path: z.string(),
  /** Whether the program was installed here: its folder exists. */
  found: z.boolean(),
  /** Whether the node has changed the file and can undo that. */
  undoable: z.boolean(),
})
export type ToolConfigView = z.infer<typeof ToolConfigView>

/** `GET /connect/tools` */
export const ToolConfigsResponse = z.object({ tools: z.array(ToolConfigView) })

const Model = z.string().min(1).max(300)

/** `POST /connect/tools/{tool}/preview` */
export const PreviewToolConfigRequest = z.strictObject({
  model: Model,
  /** Required when the API is open to the network. */
  key: z.string().min(1).max(300).optional(),
})
export type PreviewToolConfigRequest = z.infer<typeof PreviewToolConfigRequest>

export const ToolConfigPreview = z.object({
  path: z.string(),
  /** The file does not exist yet. */
  creates: z.boolean(),
  lines: z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })),
  /** Digest of the file when previewed; a write must repeat it, so that later changes are not overwritten. */
  digest: z.string(),
})
export type ToolConfigPreview = z.infer<typeof ToolConfigPreview>

/** `POST /connect/tools/{tool}` */
export const WriteToolConfigRequest = PreviewToolConfigRequest.extend({ digest: z.string().max(100) })

/** `POST /connect/sign_in_link`: a path that signs in one browser, once. */
export const SignInLink = z.object({ path: z.string(), expiresAt: z.number() })
export type SignInLink = z.infer<typeof SignInLink>
