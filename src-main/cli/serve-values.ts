import type { ZodType } from 'zod'
import { AllowedHost } from '@core/settings/allowed-host'
import { AllowedOrigin } from '@core/settings/allowed-origin'
import { NodeSettings } from '@core/settings/node'
import { PeerAddressText } from '@core/settings/peer-address'
import { CommandError, WRONG_USE } from './exit-codes'

interface ValueFlags {
  readonly host?: string
  readonly name?: string
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

const Host = NodeSettings.shape.host.unwrap()
const Name = NodeSettings.shape.friendlyName.unwrap()

const one = (text: string | undefined): readonly string[] | undefined => (text === undefined ? undefined : [text])

/**
 * Validates the options of `serve` that a schema limits, and returns the repeatable ones, normalised. Throws
 * CommandError for wrong use.
 */
export const checkedValues = ({ host, name, peer, allowHost, allowOrigin }: ValueFlags) => {
  checked('--host <address>', Host, one(host))
  checked('--name <name>', Name, one(name))
  return {
    peers: checked('--peer <host:port>', PeerAddressText, peer),
    allowedHosts: checked('--allow-host <name>', AllowedHost, allowHost),
    allowedOrigins: checked('--allow-origin <origin>', AllowedOrigin, allowOrigin),
  }
}
