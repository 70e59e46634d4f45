// @ts-check
// What a buyer does and sees by the payment API. A field that the API does not send is null here.

import { Unreachable, get, post, session, unknownAnswer } from "./api.js";
import { EVENT, TICKET, listOf, shaped } from "./shapes.js";
import { tab } from "./storage.js";

/** @import { Event, Ticket } from "ticketing-api" */

const ATTEMPT = "attempt";

// Where no answer says when to come back.
const AWAY_SECONDS = 3;

/** @returns {Promise<Event>} */
export async function event(eventId) {
  return shaped(EVENT, await get(`/api/events/${encodeURIComponent(eventId)}/`));
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
  const found = shaped(TICKET, await get(`/api/tickets/${encodeURIComponent(ticketId)}/`));
  const last = await lastAttempt();
  if (last !== null && isSame(last.order, found) && !isOlder(found, last.sentAt)) {
    ordersSeen();
  }
  return found;
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
 * keeps their place in the line. If it is not known what became of another purchase, that one is
 * settled first: if it was made, the answer is its own, with what was bought as `earlier`.
 */
export async function create(eventId, quantity) {
  const order = { event_id: eventId, quantity };
  const last = await lastAttempt();
  if (last !== null && isSame(last.order, order)) {
    return sent(last);
  }
  if (last?.unsure) {
    try {
      return { ...(await sent(last)), earlier: last.order };
    } catch (error) {
      if (!error.final) {
        throw error;
      }
    }
  }
  return sent(await newAttempt(order));
}

/** Sends an order. Its key stays until the answer is known, so that it is never bought twice. */
async function sent(attempt) {
  const headers = { "Idempotency-Key": attempt.key };
  if (attempt.lineToken) {
    headers["Line-Token"] = attempt.lineToken;
  }
  keep({ ...attempt, unsure: true });
  let answer;
  try {
    answer = await post("/api/payments/create-payment-intent/", attempt.order, headers);
  } catch (error) {
    if (error.final) {
      keep(null);
    } else if (error.status < 500 || error.code === "overloaded") {
      // Nothing was done this time.
      keep({ ...attempt, lineToken: error.problem.line_token ?? attempt.lineToken });
    }
    throw error;
  }
  if (!("checkout_url" in answer && answer.checkout_url)) {
    withQrCode(answer);
  }
  keep(null);
  return answer;
}

/** The answer, if it is that of a ticket that is issued. */
function withQrCode(answer) {
  if (!answer.ticket_id || !answer.qr_code_data) {
    throw unknownAnswer();
  }
  return answer;
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

/** Whether a ticket was there before this time, however wrong the buyer's clock is. */
const isOlder = ({ created_at, server_now }, time) => Date.parse(server_now) - Date.parse(created_at) > Date.now() - time;

const isSame = (order, other) => order.event_id === other.event_id && order.quantity === other.quantity;

/** The order that the buyer has sent without a final answer, or null. */
async function lastAttempt() {
  const last = JSON.parse(tab.get(ATTEMPT));
  return last?.buyer === (await session()).buyer ? last : null;
}

async function newAttempt(order) {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { order, key, buyer: (await session()).buyer, sentAt: Date.now() };
}

const keep = (attempt) => tab.set(ATTEMPT, attempt && JSON.stringify(attempt));

/** Whether an order may have been made whose answer was lost. */
export const isUnsure = () => Boolean(JSON.parse(tab.get(ATTEMPT))?.unsure);

/** The buyer has seen their orders: what they buy next is another one. */
export const ordersSeen = () => keep(null);

export async function verify(sessionId, ticketId) {
  return withQrCode(await post("/api/payments/verify/", { session_id: sessionId, ticket_id: ticketId }));
}

export function cancel(ticketId) {
  return post("/api/payments/cancel/", { ticket_id: ticketId });
}

export const ASK = "ask";

/** The page that cancels an order, after a question. Without it, the buyer comes from the payment. */
export function cancelPage(ticketId) {
  return `/payment/cancel?${new URLSearchParams({ ticket_id: ticketId, [ASK]: "" })}`;
}

export const ticketPage = (ticketId) => `/tickets/${encodeURIComponent(ticketId)}`;
export const eventPage = (eventId) => `/events/${encodeURIComponent(eventId)}`;
