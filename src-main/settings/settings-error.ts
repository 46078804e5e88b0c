import type { ErrorCode } from '@core/errors/error-codes'

/** A setting was invalid, or the settings could not be written. */
export class SettingsError extends Error {
  readonly code: Extract<ErrorCode, 'invalid_setting' | 'settings_not_written'>
  /** What the user can do about it. */
  readonly hint: string

  constructor(options: { code: SettingsError['code']; message: string; hint: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'SettingsError'
    this.code = options.code
    this.hint = options.hint
  }
}
