/** The time, for texts that count down; it ticks only while somebody watches. */
export class Clock {
  now = $state(Date.now())

  constructor() {
    $effect(() => {
      const timer = setInterval(() => (this.now = Date.now()), 1000)
      return () => clearInterval(timer)
    })
  }
}
