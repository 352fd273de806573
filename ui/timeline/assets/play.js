/* Which frame is shown when: playing forward and backward at a speed, keys, and the newest epoch while there are new ones. */

const LEAP = 10 // frames of Page Up and Page Down

/** The frame whose epoch is nearest to one that is asked for; of two as near the later. */
export function frameAt(epochs, epoch) {
  let best = epochs.length - 1
  for (let i = epochs.length - 1; i >= 0; i--) if (Math.abs(epochs[i] - epoch) < Math.abs(epochs[best] - epoch)) best = i
  return best
}

/** The frame that a key leads to from frame `at` of n; null for keys that mean nothing here. */
export function keyedFrame(at, key, n) {
  const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -LEAP, PageUp: LEAP }[key]
  const to = key === "Home" ? 0 : key === "End" ? n - 1 : at + by
  return Number.isNaN(to) ? null : Math.max(0, Math.min(n - 1, to))
}

/** Where frame `at` of the old epochs lies among the new ones: at the same epoch, or the nearest that is left. */
export function carriedOver(at, before, after, follows) {
  return follows || at === null ? after.length - 1 : frameAt(after, before[at])
}

/** A film's clock: how many whole frames have passed, at so many a second. */
export class Clock {
  constructor() {
    this.stop()
  }

  stop() {
    this.direction = 0
    this.last = null
    this.carry = 0
  }

  start(direction) {
    this.stop()
    this.direction = direction
  }

  /** Frames to go on by at a time in ms, with their sign. */
  pass(now, speed) {
    if (this.last !== null) this.carry += (speed * (now - this.last)) / 1000
    this.last = now
    const whole = Math.floor(this.carry)
    this.carry -= whole
    return this.direction * whole
  }
}
