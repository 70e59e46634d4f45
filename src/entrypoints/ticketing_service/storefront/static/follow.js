// @ts-check
// What a buyer sees of an order, and how the views of orders stay as new as it is.

import * as payment from "./payment.js";

/** @import { Ticket } from "ticketing-api" */

/** So long a view waits for what it can do without. */
const PATIENCE_MS = 3000;
/** Times between two looks: while an order waits to be paid, and otherwise. */
const UNPAID_PAUSE_MS = 10_000;
const PAUSE_MS = 60_000;

const pending = new Map();
const known = new Map();

/** The answer if it comes soon, or else the last one or `otherwise`. The views are told of a late one. */
async function soon(key, ask, otherwise) {
  let late = false;
  if (!pending.has(key)) {
    pending.set(key, ask().then((answer) => {
      pending.delete(key);
      if (answer !== null) {
        known.set(key, answer);
      }
      if (late) {
        dispatchEvent(new Event("late"));
      }
    }));
  }
  const limit = new Promise((resolve) => setTimeout(() => {
    late = true;
    resolve();
  }, PATIENCE_MS));
  await Promise.race([pending.get(key), limit]);
  return known.get(key) ?? otherwise;
}

/**
 * An order with its event and its state. The payment provider may be slow: it keeps no view waiting.
 * @param {Ticket} ticket
 */
export async function seen(ticket) {
  const { ticket_id, event_id, status } = ticket;
  const [event, state] = await Promise.all([
    soon(`event ${event_id}`, () => payment.eventIfShown(event_id), null),
    soon(`state ${ticket_id} ${status}`, () => payment.stateOf(ticket), status),
  ]);
  return { ticket, event, state };
}

const isUnpaid = ({ state }) => state === "paying" || state === "reserved";

// Clocks and the places that others buy change all the time, and are not shown here.
const shown = ({ orders }) =>
  JSON.stringify(orders, (name, value) => (name === "server_now" || name === "places_left" ? undefined : value));

let left = new AbortController();

/** Asks again while the page is visible, and shows an answer whose orders are not those of `found`. */
export function follow({ found, ask, show }) {
  left.abort();
  left = new AbortController();
  const { signal } = left;
  let asking = false;

  async function round() {
    if (asking || document.hidden) {
      return;
    }
    asking = true;
    // Without an answer, what is shown is the best there is.
    const newer = await ask().catch(() => null);
    asking = false;
    if (!signal.aborted && newer !== null && shown(newer) !== shown(found)) {
      show(newer);
    }
  }

  const timer = setInterval(round, found.orders.some(isUnpaid) ? UNPAID_PAUSE_MS : PAUSE_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", round, { signal });
  for (const name of ["online", "late"]) {
    addEventListener(name, round, { signal });
  }
}
