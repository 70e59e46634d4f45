// What was begun and bought in this browser, and the calls of the payment API.

import { get, post } from "./api.js";

const TICKET = "ticket_id";
const SESSION = "session_id";
const ATTEMPT = "attempt";
const BOUGHT = "bought";

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

/** Buys. After an error that can be retried, the next attempt is the same purchase. */
export async function create(eventId, quantity) {
  const body = { event_id: eventId, quantity };
  const key = keyOf(JSON.stringify(body));
  try {
    const headers = { "Idempotency-Key": key };
    const answer = await post("/api/payments/create-payment-intent/", body, headers);
    sessionStorage.removeItem(ATTEMPT);
    return answer;
  } catch (error) {
    if (!error.retryable) {
      sessionStorage.removeItem(ATTEMPT);
    }
    throw error;
  }
}

function keyOf(purchase) {
  const last = JSON.parse(sessionStorage.getItem(ATTEMPT));
  if (last?.purchase === purchase) {
    return last.key;
  }
  const random = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(ATTEMPT, JSON.stringify({ purchase, key }));
  return key;
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

export function successPage(sessionId, ticketId) {
  return `/payment/success?${new URLSearchParams({ session_id: sessionId, ticket_id: ticketId })}`;
}

export function cancelPage(ticketId) {
  return `/payment/cancel?${new URLSearchParams({ ticket_id: ticketId })}`;
}
