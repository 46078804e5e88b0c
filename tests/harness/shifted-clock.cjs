// A fake of a system clock that is set wrong. `node --require` it; SHIFTED_CLOCK_MS is how far the clock is ahead.
const now = Date.now
Date.now = () => now() + Number(process.env.SHIFTED_CLOCK_MS)
