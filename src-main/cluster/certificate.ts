import { createHash, randomBytes, webcrypto, type KeyObject, type X509Certificate } from 'node:crypto'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Trust rests on the key, not on dates: a machine whose clock is years off must still be able to connect. */
const NOT_BEFORE = new Date('2020-01-01T00:00:00Z')
const NOT_AFTER = new Date('2120-01-01T00:00:00Z')

export interface KeyAndCertificate {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** X.509, PEM, self-signed. */
  readonly certificate: string
}

const pem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** 16 bytes in hex. The first is 0x40–0x7f: positive and without a leading zero byte, which DER forbids. */
const randomSerialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8() & 0x3f) | 0x40)
  return bytes.toString('hex')
}

/**
 * Generates an ECDSA P-256 key pair and a self-signed certificate for both TLS client and server use. Imports the
 * X.509 library lazily: it takes 100 ms and 11 MB and is needed once in a node's life.
 */
export const createCertificate = async (): Promise<KeyAndCertificate> => {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerialNumber(),
    name: 'CN=Muster node',
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    ],
  })
  return {
    privateKey: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    certificate: pem('CERTIFICATE', certificate.rawData),
  }
}

/** SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER), hex. */
export const publicKeyHash = (certificate: X509Certificate): string =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** Whether the private key is an EC key and matches the certificate. */
export const belongTogether = (certificate: X509Certificate, privateKey: KeyObject): boolean =>
  privateKey.asymmetricKeyType === 'ec' && certificate.checkPrivateKey(privateKey)
