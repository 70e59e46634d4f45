// The time by which a gate orders what happens.

/**
 * Returns a clock in milliseconds that never goes back. A device's own is set at times, by a person
 * or by the network; what is noted then must not seem to be older than the list.
 */
export function steadyClock() {
  let time = Date.now();
  let ticks = performance.now();
  return () => {
    const passed = performance.now() - ticks;
    ticks += passed;
    // Forwards it goes with the device's: `performance` may stand still while the device sleeps.
    time = Math.max(time + passed, Date.now());
    return Math.round(time);
  };
}
