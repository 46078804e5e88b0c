import type { DesktopApi } from '@core/protocols/desktop'
import type { Api } from '../../api/access'
import { t } from '../../state/texts.svelte'
import { LoginItem } from '../settings/login-item.svelte'
import { MachineSettings } from '../settings/machine-settings.svelte'
import { PowerSettings } from '../settings/power.svelte'

/** An option that can be switched on. */
export interface OptionSwitch {
  readonly id: string
  readonly label: string
  readonly about: string
  readonly on: boolean
  /** Whether the last change takes effect only at the next start. */
  readonly waits: boolean
  /** Throws errors of the node or the app. */
  readonly set: (on: boolean) => Promise<void>
}

/** Options available on this machine: only what this node and window support. All are off by default. */
export class OptionSwitches {
  private readonly login: LoginItem
  private readonly power: PowerSettings
  private readonly settings: MachineSettings
  readonly all: readonly OptionSwitch[] = $derived.by(() => [
    ...this.loginSwitch(),
    ...this.awakeSwitch(),
    ...this.networkSwitch(),
  ])
  readonly any = $derived(this.all.length > 0)

  constructor(api: Pick<Api, 'get' | 'patch'>, desktop: Pick<DesktopApi, 'loginItem'> | undefined) {
    this.login = new LoginItem(desktop)
    this.power = new PowerSettings(api)
    this.settings = new MachineSettings(api)
  }

  /** Never fails: options that cannot be read are hidden. */
  async read(): Promise<void> {
    await Promise.all([this.login.read(), this.settings.read(), this.power.read()])
  }

  private loginSwitch(): OptionSwitch[] {
    if (!this.login.available) return []
    return [
      {
        id: 'login',
        label: t('settings.startAtLogin'),
        about: t('setup.option.login'),
        on: this.login.opens,
        waits: false,
        set: (on) => this.login.set(on),
      },
    ]
  }

  private awakeSwitch(): OptionSwitch[] {
    const { view } = this.power
    if (!view || view.fixed) return []
    return [
      {
        id: 'awake',
        label: t('setup.option.awake'),
        about: t('setup.option.awakeAbout'),
        on: view.keepAwake !== 'never',
        waits: false,
        set: (on) => this.power.set(on ? 'on-power' : 'never'),
      },
    ]
  }

  private networkSwitch(): OptionSwitch[] {
    const { view } = this.settings
    if (!view || view.fixed.includes('servesNetwork')) return []
    const { servesNetwork } = view.settings
    const waits = servesNetwork !== view.servesNetworkNow
    return [
      {
        id: 'network',
        label: t('settings.networkShare'),
        about: waits ? t('setup.option.networkWaiting') : t('setup.option.network'),
        on: servesNetwork,
        waits,
        set: (on) => this.settings.change({ servesNetwork: on }),
      },
    ]
  }
}
