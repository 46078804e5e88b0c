import { z } from 'zod'

/** Programs whose configuration lies in the home folder of this machine, and can be written by the node. */
export const WritableTool = z.enum(['claude-code', 'codex', 'opencode', 'continue'])
export type WritableTool = z.infer<typeof WritableTool>

export const ToolConfigView = z.object({
  tool: WritableTool,
  /** Of its configuration, `~` for the home folder. */
  path: z.string(),
  /** Whether the program has been here: its folder exists. */
  found: z.boolean(),
  /** Whether the node has written into it, and can take that back. */
  undoable: z.boolean(),
})
export type ToolConfigView = z.infer<typeof ToolConfigView>

/** `GET /connect/tools` */
export const ToolConfigsResponse = z.object({ tools: z.array(ToolConfigView) })

const Model = z.string().min(1).max(300)

/** `POST /connect/tools/{tool}/preview` */
export const PreviewToolConfigRequest = z.strictObject({
  model: Model,
  /** For an API that is open to the network. */
  key: z.string().min(1).max(300).optional(),
})
export type PreviewToolConfigRequest = z.infer<typeof PreviewToolConfigRequest>

export const ToolConfigPreview = z.object({
  path: z.string(),
  /** The file is not there yet. */
  creates: z.boolean(),
  lines: z.array(z.object({ kind: z.enum(['same', 'added', 'removed']), text: z.string() })),
  /** Of the file as it was shown: writing needs it, so that nothing else is overwritten. */
  digest: z.string(),
})
export type ToolConfigPreview = z.infer<typeof ToolConfigPreview>

/** `POST /connect/tools/{tool}` */
export const WriteToolConfigRequest = PreviewToolConfigRequest.extend({ digest: z.string().max(100) })

/** `POST /connect/sign_in_link`: a path that signs one browser in, once. */
export const SignInLink = z.object({ path: z.string(), expiresAt: z.number() })
export type SignInLink = z.infer<typeof SignInLink>
