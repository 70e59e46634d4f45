// The payment that was begun in this browser, and the three calls of the payment API.

import { get, post } from "./api.js";

const TICKET = "ticket_id";
const SESSION = "session_id";

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

export function create(eventId, quantity) {
  return post("/api/payments/create-payment-intent/", { event_id: eventId, quantity });
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
