/** The states that a glyph has a form for. */
export type GlyphTone = 'ready' | 'working' | 'waiting' | 'retrying' | 'failed' | 'offline'
