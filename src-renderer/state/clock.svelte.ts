/** Reactive time for countdowns; ticks while the component that made it is mounted. */
export class Clock {
  now = $state(Date.now())

  constructor() {
    $effect(() => {
      const timer = setInterval(() => (this.now = Date.now()), 1000)
      return () => clearInterval(timer)
    })
  }
}
