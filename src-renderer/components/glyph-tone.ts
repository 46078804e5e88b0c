/** States with a glyph of their own. */
export type GlyphTone = 'ready' | 'working' | 'waiting' | 'retrying' | 'failed' | 'offline'
