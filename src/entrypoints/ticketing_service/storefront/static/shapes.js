// @ts-check
// The fields of the API's answers. One that is missing, or cannot be read, is null from here on.

import { tell } from "./api.js";

const text = (value) => typeof value === "string";
const whole = (value) => Number.isSafeInteger(value);
const flag = (value) => typeof value === "boolean";
const instant = (value) => text(value) && !Number.isNaN(Date.parse(value));
const amount = (value) => whole(value?.amount_minor) && /^[a-z]{3}$/i.test(value.currency);

export const EVENT = {
  event_id: whole, name: text, price: amount, places_left: whole, opens_at: instant, closes_at: instant,
  doors_at: instant, starts_at: instant, ends_at: instant, venue: text, time_zone: text, cancelled_at: instant,
  max_per_order: whole, max_per_buyer: whole, server_now: instant,
};
export const TICKET = {
  ticket_id: whole, ticket_code: text, event_id: whole, quantity: whole, status: text, total: amount,
  refunded: amount, charged_back: amount, session_id: text, checkout_url: text, expires_at: instant,
  admitted: whole, disputed: flag, created_at: instant,
};

/** Returns the answer with all of these fields. If one is not as it should be, the API has another version. */
export function shaped(shape, answer) {
  const read = { ...answer };
  for (const [name, fits] of Object.entries(shape)) {
    if (read[name] !== null && !fits(read[name])) {
      tell("otherVersion");
      read[name] = null;
    }
  }
  return read;
}

export function listOf(shape, list) {
  if (!Array.isArray(list)) {
    tell("otherVersion");
    return [];
  }
  return list.map((each) => shaped(shape, each));
}
