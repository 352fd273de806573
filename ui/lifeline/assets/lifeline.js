/* Asks Python for a fresh token of the live channel when that needs one. */

class Lifeline {
  update(offer, trigger) {
    const channel = channelOf(offer)
    if (channel === this.channel) return
    this.destroy()
    this.channel = channel
    this.stop = channel.needsToken(() => trigger("renew", performance.now()))
  }

  destroy() {
    this.stop?.()
  }
}

export default mountable(".lifeline", Lifeline)
