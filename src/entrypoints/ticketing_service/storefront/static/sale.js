// @ts-check
// The state of a sale at an instant, by the clock of the service.

/** @import { Event } from "ticketing-api" */

/** So few places are shown as few. */
const FEW = 5;

/** How far the clock of the service is ahead of the browser's, in milliseconds. */
let ahead = 0;

export function setClock(server_now) {
  if (server_now) {
    ahead = Date.parse(server_now) - Date.now();
  }
}

export const now = () => Date.now() + ahead;

/**
 * The state, and the instant at which it changes by itself (milliseconds, or null).
 * @param {Event} event
 * @returns {{ state: "cancelled" | "closed" | "soon" | "soldOut" | "few" | "open", changesAt: number | null }}
 */
export function saleOf(event, at = now()) {
  const opens = event.opens_at ? Date.parse(event.opens_at) : null;
  const closes = event.closes_at ? Date.parse(event.closes_at) : null;
  if (event.cancelled_at) {
    return { state: "cancelled", changesAt: null };
  }
  if (closes !== null && closes <= Math.max(at, opens ?? 0)) {
    return { state: "closed", changesAt: null };
  }
  if (opens !== null && opens > at) {
    return { state: "soon", changesAt: opens };
  }
  if (event.places_left === 0) {
    return { state: "soldOut", changesAt: closes };
  }
  const few = event.places_left !== null && event.places_left <= FEW;
  return { state: few ? "few" : "open", changesAt: closes };
}

/** The programme: what comes next is first; what has no date, is over, or is cancelled is last. */
export function programme(events, at = now()) {
  const begins = (event) => (event.starts_at ? Date.parse(event.starts_at) : Infinity);
  const over = (event) => Date.parse(event.ends_at ?? event.starts_at) < at;
  const rank = (event) => (event.cancelled_at ? 2 : Number(over(event)));
  return events.toSorted(
    (one, other) => rank(one) - rank(other) || Math.sign(begins(one) - begins(other)) || 0,
  );
}

export const canBuy = (state) => state === "open" || state === "few";
