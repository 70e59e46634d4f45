// Asks again and again while the page is visible, less often while there is no answer.

const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;
/** At most this part of the time the service works for this page: sums of large events take seconds. */
const SHARE = 20;

/**
 * Calls `ask` until `signal` is aborted, at most once per `pause`, and shows its answers. `onAge`
 * gets how old the last answer is, in milliseconds, while there is no newer one, and null when there
 * is; `error` is why.
 */
export function keepAsking({ ask, show, onAge, signal, pause = PAUSE_MS }) {
  let answeredAt = performance.now();
  let failures = 0;
  let error = null;
  let timer = null;

  const again = (milliseconds) => {
    clearTimeout(timer);
    timer = signal.aborted ? null : setTimeout(round, milliseconds);
  };
  async function round() {
    if (document.hidden) {
      return;
    }
    timer = null;
    const began = performance.now();
    try {
      const answer = await ask();
      if (signal.aborted) {
        return;
      }
      failures = 0;
      answeredAt = performance.now();
      error = null;
      onAge(null, null);
      show(answer);
      again(Math.max(pause, SHARE * (answeredAt - began)));
    } catch (failed) {
      failures += 1;
      error = failed;
      tellAge();
      again(Math.min(pause * 2 ** failures, LONGEST_PAUSE_MS));
    }
  }
  function tellAge() {
    if (error !== null && !signal.aborted) {
      onAge(performance.now() - answeredAt, error);
    }
  }
  // Somebody who looks again, or is online again, shall not wait for the end of a long pause.
  const atOnce = () => !document.hidden && timer !== null && again(0);
  document.addEventListener("visibilitychange", atOnce, { signal });
  addEventListener("online", atOnce, { signal });
  const ages = setInterval(tellAge, 1000);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    clearInterval(ages);
  });
  again(pause);
}
