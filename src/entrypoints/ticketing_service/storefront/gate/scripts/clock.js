// The clock by which a gate orders events.

/**
 * Returns a clock in milliseconds that never goes back. A person or the network may set the clock of
 * the device; entries after that must not seem older than the list.
 */
export function steadyClock() {
  let time = Date.now();
  let ticks = performance.now();
  return () => {
    const passed = performance.now() - ticks;
    ticks += passed;
    // It follows the device's clock forwards, since `performance` may stop while the device sleeps.
    time = Math.max(time + passed, Date.now());
    return Math.round(time);
  };
}
