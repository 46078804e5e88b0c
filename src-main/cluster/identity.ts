import { NodeId } from '@core/ids'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, open, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { makeFolder } from '../disk/make-folder'
import { z } from 'zod'
import { removeFile } from '../disk/removal'
import { belongTogether, createCertificate, publicKeyHash } from './certificate'

/** This node's identity towards its peers. */
export interface Identity {
  readonly nodeId: NodeId
  /** PEM. Public. */
  readonly certificate: string
  /** PEM. Never leaves this machine. */
  readonly privateKey: string
}

const IdentityFile = z.object({ version: z.literal(1), certificate: z.string(), privateKey: z.string() })

/** The identity file cannot be used or created. */
class IdentityError extends Error {
  readonly code: 'identity_damaged' | 'identity_not_written'
  readonly hint: string

  constructor(options: { code: IdentityError['code']; message: string; hint: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'IdentityError'
    this.code = options.code
    this.hint = options.hint
  }
}

export interface IdentityOptions {
  readonly dataDir: string
  onWarning(warning: string): void
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const damaged = (path: string, reason: string, cause?: unknown): IdentityError =>
  new IdentityError({
    code: 'identity_damaged',
    message: `This node's identity in ${path} is damaged: ${reason}.`,
    hint:
      `Put the file back from a backup. Without one, move it away and start again: the node then gets a new ` +
      'identity, and has to join the cluster again.',
    cause,
  })

const read = (path: string, text: string): Identity => {
  let file: z.infer<typeof IdentityFile>
  try {
    file = IdentityFile.parse(JSON.parse(text))
  } catch (error) {
    throw damaged(path, 'it is not valid JSON in the expected format', error)
  }
  let certificate: X509Certificate
  let matches: boolean
  try {
    certificate = new X509Certificate(file.certificate)
    matches = belongTogether(certificate, createPrivateKey(file.privateKey))
  } catch (error) {
    throw damaged(path, `its key or certificate cannot be read (${messageOf(error)})`, error)
  }
  if (!matches) throw damaged(path, 'its private key does not match its certificate')
  return {
    nodeId: NodeId.parse(publicKeyHash(certificate)),
    certificate: file.certificate,
    privateKey: file.privateKey,
  }
}

/** Restricts a key that other users could read to its owner, and warns: they may have read it already. */
const mendPermissions = async (path: string, { onWarning }: IdentityOptions): Promise<void> => {
  if (process.platform === 'win32') return
  const mode = (await stat(path)).mode & 0o777
  if ((mode & 0o077) === 0) return
  await chmod(path, 0o600)
  onWarning(
    `${path} could be read by other users of this machine (mode ${mode.toString(8)}); only its owner can read it now. ` +
      'If others use this machine, move the file away and start again to get a new identity.',
  )
}

/**
 * Links the finished file to its name; fails if the name exists. Copies if hard links are unsupported (exFAT, many
 * network disks).
 */
const place = async (temporary: string, path: string): Promise<void> => {
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    await copyFile(temporary, path, constants.COPYFILE_EXCL)
  }
}

/** Writes a temporary file and links it into place: of two concurrent first starts one wins, both use its identity. */
const write = async (path: string, dataDir: string): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    await makeFolder(dataDir)
    const file = await open(temporary, 'wx', 0o600)
    try {
      const content: z.infer<typeof IdentityFile> = { version: 1, ...(await createCertificate()) }
      await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw new IdentityError({
      code: 'identity_not_written',
      message: `No identity could be written to ${path}: ${messageOf(error)}`,
      hint: 'Check that the disk is not full and that the folder is writable, or choose another one with --data-dir.',
      cause: error,
    })
  } finally {
    await removeFile(dataDir, basename(temporary)).catch(() => undefined)
  }
}

/**
 * Loads this node's key and certificate from `<data-dir>/identity.json`, creating them on the first start.
 *
 * @throws IdentityError `identity_damaged`: never replaced automatically, because peers know the node by its key;
 * `identity_not_written`
 */
export const loadIdentity = async (options: IdentityOptions): Promise<Identity> => {
  const path = join(options.dataDir, 'identity.json')
  try {
    await mendPermissions(path, options)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
    await write(path, options.dataDir)
  }
  return read(path, await readFile(path, 'utf8'))
}
