import { chosenPartner, partnerAgain, type Partner, type Wanted } from './partners'

export interface FreshInputs extends Wanted {
  /** The conversation that has not begun. */
  readonly threadId: string
  readonly partners: readonly Partner[]
}

/**
 * The model of a conversation that has not begun. It stands as long as it is there, whatever becomes ready, is found, or
 * is asked in another tab: Return must not come to mean another model while somebody types.
 */
export class FreshPartner {
  private stood: { readonly choice: string; readonly partner: Partner } | undefined
  readonly current: Partner | undefined = $derived.by(() => {
    const { threadId, partners, ...wanted } = this.inputs()
    const choice = JSON.stringify([threadId, wanted.named])
    const again = this.stood?.choice === choice ? partnerAgain(partners, this.stood.partner) : undefined
    const partner = again ?? chosenPartner(partners, wanted)
    this.stood = partner && { choice, partner }
    return partner
  })

  constructor(private readonly inputs: () => FreshInputs) {}
}
