// @ts-check
// What was begun and bought in this browser, and the calls of the payment API.

import { Unreachable, get, post } from "./api.js";

const TICKET = "ticket_id";
const SESSION = "session_id";
const ATTEMPT = "attempt";
const BOUGHT = "bought";

// Where no answer says when to come back.
const AWAY_SECONDS = 3;

export function remember({ ticket_id, session_id }) {
  localStorage.setItem(TICKET, ticket_id);
  localStorage.setItem(SESSION, session_id);
}

export function begun() {
  const ticket_id = localStorage.getItem(TICKET);
  const session_id = localStorage.getItem(SESSION);
  return ticket_id && session_id ? { ticket_id, session_id } : null;
}

export function forget(ticketId) {
  if (localStorage.getItem(TICKET) === String(ticketId)) {
    localStorage.removeItem(TICKET);
    localStorage.removeItem(SESSION);
  }
}

/** Keeps a free ticket while this tab is open: no other page shows its QR code again. */
export function keepBought(answer) {
  sessionStorage.setItem(BOUGHT, JSON.stringify(answer));
}

export function bought() {
  return JSON.parse(sessionStorage.getItem(BOUGHT));
}

export function forgetBought() {
  sessionStorage.removeItem(BOUGHT);
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
      onWait(error, seconds);
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

export function ticket(ticketId) {
  return get(`/api/tickets/${encodeURIComponent(ticketId)}/`);
}

/**
 * The ticket, or null if it cannot be shown now.
 * @returns {ReturnType<typeof ticket>}
 */
export function ticketIfShown(ticketId) {
  return ticket(ticketId).catch(() => null);
}

export function successPage(sessionId, ticketId) {
  return `/payment/success?${new URLSearchParams({ session_id: sessionId, ticket_id: ticketId })}`;
}

export function cancelPage(ticketId) {
  return `/payment/cancel?${new URLSearchParams({ ticket_id: ticketId })}`;
}
