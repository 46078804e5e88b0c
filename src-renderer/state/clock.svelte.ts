/** Reactive time for countdowns; ticks only while it is read. */
export class Clock {
  now = $state(Date.now())

  constructor() {
    $effect(() => {
      const timer = setInterval(() => (this.now = Date.now()), 1000)
      return () => clearInterval(timer)
    })
  }
}
