// Calls of the API by an organizer. If the token is not good (any more), they wait for another one.

import { call, NoAnswer, Refused } from "../../gate/scripts/call.js";
import { currentToken } from "../../gate/scripts/session.js";
import { askForToken } from "./sign_in.js";

const base = new URL(document.body.dataset.apiUrl, location);

const ANSWER_MS = 20_000;
/** A CSV of millions of tickets takes minutes. */
const FILE_MS = 15 * 60_000;

const isObject = (body) => typeof body === "object" && body !== null;

/** Each call may be repeated without harm, but for a new event. */
const AWAY = "The service does not answer. Try again in a moment.";

async function send(path, options) {
  const insist = options.method !== undefined;
  for (;;) {
    const token = currentToken();
    try {
      return await call(new URL(path, base), { milliseconds: ANSWER_MS, isAnswer: isObject, ...options, token });
    } catch (error) {
      const useless = error instanceof Refused && error.status === 401;
      // Another call may have asked for a token meanwhile.
      if (!useless || (currentToken() === token && !(await askForToken(error.message, { insist })))) {
        throw error instanceof NoAnswer ? new NoAnswer(AWAY) : error;
      }
    }
  }
}

export const get = (path) => send(path, {});

const post = (path, json) => send(path, { method: "POST", json });

export const file = (path) => send(path, { text: true, milliseconds: FILE_MS, isAnswer: () => true });

const eventPath = (eventId, rest = "") => `api/events/${eventId}/${rest}`;

export const events = () => get("api/events/");
export const event = (eventId) => get(eventPath(eventId));
export const createEvent = (terms) => post("api/events/", terms);
export const changeEvent = (eventId, terms) => send(eventPath(eventId), { method: "PATCH", json: terms });
export const closeSale = (eventId, version) => post(eventPath(eventId, "close/"), { version });
export const cancellation = (eventId) => get(eventPath(eventId, "cancel/"));
export const cancelEvent = (eventId, { version, refund_total }) =>
  post(eventPath(eventId, "cancel/"), { version, refund_total_minor: refund_total.amount_minor });
export const eventHistory = (eventId, query) => get(eventPath(eventId, `history/?${new URLSearchParams(query)}`));
export const report = (eventId) => get(eventPath(eventId, "report/"));
export const admissions = (eventId) => get(eventPath(eventId, "admissions/"));

/** `list` is tickets, refunds or disputes. */
export const listOf = (eventId, list, query) => get(eventPath(eventId, `${list}/?${new URLSearchParams(query)}`));
export const csvOf = (eventId, list, query) => file(eventPath(eventId, `${list}.csv?${new URLSearchParams(query)}`));

export const story = (ticketId) => get(`api/tickets/${ticketId}/story/`);
export const refund = (ticketId, more = {}) => post("api/payments/refund/", { ticket_id: ticketId, ...more });
