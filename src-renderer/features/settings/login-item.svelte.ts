import type { DesktopApi } from '@core/protocols/desktop'

/** Whether the desktop app starts at login. Not available in a browser. */
export class LoginItem {
  available = $state(false)
  opens = $state(false)

  constructor(private readonly desktop: Pick<DesktopApi, 'loginItem'> | undefined) {}

  /** Never fails: if it cannot be read, the option is hidden. */
  async read(): Promise<void> {
    await this.ask({}).catch(() => (this.available = false))
  }

  async set(openAtLogin: boolean): Promise<void> {
    try {
      await this.ask({ openAtLogin })
    } catch (error) {
      await this.read()
      throw error
    }
  }

  private async ask(request: { openAtLogin?: boolean }): Promise<void> {
    const answer = await this.desktop?.loginItem(request)
    this.available = answer?.available ?? false
    this.opens = answer?.openAtLogin ?? false
  }
}
