// @ts-check
// How the board writes times, ages, counts and states.

import { isZone } from "./zones.js";

const DAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

function written(instant, zone, options) {
  // A zone that only the service knows.
  const timeZone = isZone(zone) ? zone : "UTC";
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone }).format(new Date(instant));
}

/** An instant in the zone of the event; null is "never". */
export function when(instant, zone) {
  return instant === null ? "—" : written(instant, zone, { ...DAY, ...TIME, timeZoneName: "short" });
}

export function exactly(instant, zone) {
  return written(instant, zone, { ...DAY, ...TIME, second: "2-digit", timeZoneName: "short" });
}

export function hourOf(instant, zone) {
  return written(instant, zone, { weekday: "short", ...TIME });
}

/** A day such as 2026-11-28: it is one in the zone of the event already. */
export function dayOf(day) {
  return written(`${day}T00:00:00Z`, "UTC", { weekday: "short", day: "numeric", month: "short" });
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function age(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) {
    return count(seconds, "second");
  }
  return seconds < 5400 ? count(Math.round(seconds / 60), "minute") : count(Math.round(seconds / 3600), "hour");
}

export const STATUSES = {
  reserved: "Reserved",
  paying: "Being paid",
  issued: "Valid",
  cancelled: "Given up",
  expired: "Not paid",
  refunding: "Refund due",
  refunded: "Refunded",
};

const PROBLEMS = {
  disputed: "The buyer's bank disputes the payment, and decides",
  refund_returned: "The bank has sent the refund back",
  appeal_won: "You won the appeal of a dispute, so the money is yours again",
};

export function problem(code) {
  return PROBLEMS[code] ?? `The payment provider says: ${code}`;
}

/**
 * Whether nothing is sold any more, also before the sale has begun.
 * @param {import("ticketing-api").Event} event
 */
export function isClosed({ closes_at, opens_at, server_now }) {
  const closes = closes_at === null ? Infinity : Date.parse(closes_at);
  return closes <= Math.max(Date.parse(server_now), opens_at === null ? 0 : Date.parse(opens_at));
}

/**
 * The state of the sale: a word, and a colour.
 * @param {import("ticketing-api").Event} event
 */
export function saleOf(event) {
  if (event.cancelled_at !== null) {
    return ["Cancelled", "bad"];
  }
  if (isClosed(event)) {
    return ["Sale closed", "quiet"];
  }
  if (event.opens_at !== null && Date.parse(event.opens_at) > Date.parse(event.server_now)) {
    return ["Sale not open yet", "quiet"];
  }
  return event.places_left === 0 ? ["Sold out", "mark"] : ["On sale", "yes"];
}

/** The beginning of a name that somebody has chosen, for the label of a bar. */
export function cut(name) {
  const characters = [...name];
  return characters.length > 10 ? `${characters.slice(0, 9).join("")}…` : name;
}
