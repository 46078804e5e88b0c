import type { ErrorCode } from '@core/errors/error-codes'

/** A setting that cannot be used as it was given, or settings that cannot be kept. */
export class SettingsError extends Error {
  readonly code: Extract<ErrorCode, 'invalid_setting' | 'settings_not_written'>
  /** What the person can do. */
  readonly hint: string

  constructor(options: { code: SettingsError['code']; message: string; hint: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'SettingsError'
    this.code = options.code
    this.hint = options.hint
  }
}
