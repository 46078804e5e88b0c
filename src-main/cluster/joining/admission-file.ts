import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Timestamp, type NodeId } from '@core/ids'
import { Fellow, type Admission } from '@core/protocols/join'
import { removeFileSync } from '../../disk/removal'
import { replaceFile } from '../../disk/replace-file'

const FILE = 'admission.json'

const Kept = z.object({
  version: z.literal(1),
  clusterId: z.string(),
  members: z.array(Fellow),
  admittedAt: Timestamp.optional(),
})

/**
 * The cluster that admitted this machine, kept in `admission.json` until its log contains the admission. A crash
 * in between therefore does not leave the machine between two clusters.
 */
export class AdmissionFile {
  private readonly path: string
  private admission: z.infer<typeof Kept> | undefined

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, FILE)
    try {
      this.admission = Kept.parse(JSON.parse(readFileSync(this.path, 'utf8')))
    } catch {
      // Absent, or damaged: then the machine stays in its own cluster and can be admitted again.
    }
  }

  get clusterId(): string | undefined {
    return this.admission?.clusterId
  }

  get members(): readonly NodeId[] {
    return this.admission?.members.map(({ nodeId }) => nodeId) ?? []
  }

  /** When it was admitted, by the leader's clock, if the member that admitted it said so. */
  get admittedAt(): Timestamp | undefined {
    return this.admission?.admittedAt
  }

  async write({ clusterId, members, admittedAt }: Admission): Promise<void> {
    this.admission = { version: 1, clusterId, members: [...members], admittedAt }
    await replaceFile(this.path, `${JSON.stringify(this.admission)}\n`)
  }

  /** Removes the file once the log contains the admission. */
  remove(): void {
    if (!this.admission) return
    this.admission = undefined
    removeFileSync(this.dataDir, FILE)
  }
}
