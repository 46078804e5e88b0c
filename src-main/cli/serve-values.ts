import type { ZodType } from 'zod'
import { AllowedHost } from '@core/settings/allowed-host'
import { AllowedOrigin } from '@core/settings/allowed-origin'
import { PeerAddressText } from '@core/settings/peer-address'
import { CommandError, WRONG_USE } from './exit-codes'

interface ListFlags {
  readonly peer?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly allowOrigin?: readonly string[]
}

const checked = (
  option: string,
  schema: ZodType<string, string>,
  given: readonly string[] | undefined,
): readonly string[] | undefined =>
  given?.map((text) => {
    const { data, error } = schema.safeParse(text)
    if (data !== undefined) return data
    const reason = error?.issues[0]?.message ?? 'not usable'
    throw new CommandError(`error: option '${option}' argument '${text}' is invalid. ${reason}`, {
      exitCode: WRONG_USE,
    })
  })

/** Validates the repeatable options of `serve`. Throws CommandError for wrong use. */
export const checkedLists = ({ peer, allowHost, allowOrigin }: ListFlags) => ({
  peers: checked('--peer <host:port>', PeerAddressText, peer),
  allowedHosts: checked('--allow-host <name>', AllowedHost, allowHost),
  allowedOrigins: checked('--allow-origin <origin>', AllowedOrigin, allowOrigin),
})
