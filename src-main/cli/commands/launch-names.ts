export const TOOLS = ['claude', 'codex', 'opencode'] as const
export type Tool = (typeof TOOLS)[number]
