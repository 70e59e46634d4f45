// @ts-check
// What a buyer does and sees by the payment API. A field that the API does not send is null here.

import { Unreachable, get, post, tell } from "./api.js";

/** @import { Event, Ticket } from "ticketing-api" */

const ATTEMPT = "attempt";

// Where no answer says when to come back.
const AWAY_SECONDS = 3;

const EVENT = {
  event_id: null, name: null, price: null, places_left: null, opens_at: null, closes_at: null, doors_at: null,
  starts_at: null, ends_at: null, venue: null, time_zone: null, cancelled_at: null, max_per_order: null,
  max_per_buyer: null, server_now: null,
};
const TICKET = {
  ticket_id: null, ticket_code: null, event_id: null, quantity: null, status: null, total: null, refunded: null,
  charged_back: null, session_id: null, checkout_url: null, expires_at: null, admitted: null, disputed: null,
  created_at: null,
};

/** Returns the answer with all of these fields. If one is missing, the API has another version. */
function whole(shape, answer) {
  const found = answer !== null && typeof answer === "object" ? answer : {};
  if (Object.keys(shape).some((name) => found[name] === undefined)) {
    tell("otherVersion");
  }
  return { ...shape, ...found };
}

function listOf(shape, list) {
  if (!Array.isArray(list)) {
    tell("otherVersion");
    return [];
  }
  return list.map((each) => whole(shape, each));
}

/** @returns {Promise<Event>} */
export async function event(eventId) {
  return whole(EVENT, await get(`/api/events/${encodeURIComponent(eventId)}/`));
}

/** All events, the oldest first. @returns {Promise<Event[]>} */
export async function events() {
  const found = [];
  for (let path = "/api/events/"; path; ) {
    // The address of a later page is that of the first one, with a query.
    const page = await get(/** @type {"/api/events/"} */ (path));
    found.push(...listOf(EVENT, page.events));
    path = page.next;
  }
  // The API lists the newest event first; a programme begins with the oldest.
  return found.reverse();
}

/** @returns {Promise<Ticket>} */
export async function ticket(ticketId) {
  return whole(TICKET, await get(`/api/tickets/${encodeURIComponent(ticketId)}/`));
}

/** The ticket, or null if it cannot be shown now. @returns {Promise<Ticket>} */
export const ticketIfShown = (ticketId) => ticket(ticketId).catch(() => null);

/** The event, or null if it cannot be shown now. @returns {Promise<Event>} */
export const eventIfShown = (eventId) => event(eventId).catch(() => null);

/** A page of the buyer's tickets, the newest first, and the address of the next one or null. */
export async function tickets(path = "/api/tickets/") {
  const page = await get(/** @type {"/api/tickets/"} */ (path));
  /** @type {Ticket[]} */
  const found = listOf(TICKET, page.tickets);
  return { tickets: found, next: page.next ?? null };
}

/**
 * The state of a ticket: its status, or "processing" if it is paid by a method that takes days.
 * The API has no such status: only checking the payment tells.
 */
export async function stateOf({ status, session_id, ticket_id }) {
  if (status !== "paying" || !session_id) {
    return status;
  }
  try {
    await verify(session_id, ticket_id);
    return "issued";
  } catch (error) {
    return error.code === "payment_processing" ? "processing" : status;
  }
}

/**
 * Buys. After an error that can be retried, the next attempt is the same purchase, and the buyer
 * keeps their place in the line.
 */
export async function create(eventId, quantity) {
  const body = { event_id: eventId, quantity };
  const attempt = attemptOf(JSON.stringify(body));
  const headers = { "Idempotency-Key": attempt.key };
  if (attempt.lineToken) {
    headers["Line-Token"] = attempt.lineToken;
  }
  try {
    const answer = await post("/api/payments/create-payment-intent/", body, headers);
    sessionStorage.removeItem(ATTEMPT);
    return answer;
  } catch (error) {
    if (!error.retryable) {
      sessionStorage.removeItem(ATTEMPT);
    } else if (error.problem?.line_token) {
      keep({ ...attempt, lineToken: error.problem.line_token });
    }
    throw error;
  }
}

/** Buys, and comes back as told while the shop is too busy; `onWait` is told of each wait. */
export async function createInTurn(eventId, quantity, onWait) {
  for (let waited = false; ; waited = true) {
    try {
      return await create(eventId, quantity);
    } catch (error) {
      const away = error.status === 503 || error instanceof Unreachable;
      if (error.code !== "overloaded" && !(waited && away)) {
        throw error;
      }
      const seconds = error.retryAfter ?? AWAY_SECONDS;
      onWait(seconds);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}

function attemptOf(purchase) {
  const last = JSON.parse(sessionStorage.getItem(ATTEMPT));
  if (last?.purchase === purchase) {
    return last;
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return keep({ purchase, key });
}

function keep(attempt) {
  sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
  return attempt;
}

export function verify(sessionId, ticketId) {
  return post("/api/payments/verify/", { session_id: sessionId, ticket_id: ticketId });
}

export function cancel(ticketId) {
  return post("/api/payments/cancel/", { ticket_id: ticketId });
}

export function cancelPage(ticketId) {
  return `/payment/cancel?${new URLSearchParams({ ticket_id: ticketId })}`;
}

export const ticketPage = (ticketId) => `/tickets/${encodeURIComponent(ticketId)}`;
export const eventPage = (eventId) => `/events/${encodeURIComponent(eventId)}`;
