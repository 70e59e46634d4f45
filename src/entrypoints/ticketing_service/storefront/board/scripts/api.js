// @ts-check `make types` checks all calls against the API's document.
// Calls of the API by an organizer. If the token is not good (any more), they wait for another one.

import { call, NoAnswer, Refused } from "../../gate/scripts/call.js";
import { currentToken } from "../../gate/scripts/session.js";
import { askForToken } from "./sign_in.js";

/** @import { Admissions, Answer, Body, Ids, Paths, Query } from "ticketing-api" */

const base = new URL(document.body.dataset.apiUrl, location.href);

const ANSWER_MS = 20_000;
/** A CSV of millions of tickets takes minutes. */
const FILE_MS = 15 * 60_000;

const isObject = (body) => typeof body === "object" && body !== null;

/** Each call may be repeated without harm, but for a new event. */
const AWAY = "The service does not answer. Try again in a moment.";

async function send(path, options) {
  for (;;) {
    const token = currentToken();
    try {
      return await call(new URL(path, base), { milliseconds: ANSWER_MS, isAnswer: isObject, ...options, token });
    } catch (error) {
      const useless = error instanceof Refused && error.status === 401;
      // Another call may have asked for a token meanwhile.
      if (!useless || (currentToken() === token && !(await askForToken(error.message)))) {
        throw error instanceof NoAnswer ? new NoAnswer(AWAY) : error;
      }
    }
  }
}

/** The address of a path of the document: with ids in place of its parameters, and a query. */
function addressOf(path, ids, query = {}) {
  const filled = path.slice(1).replaceAll(/\{(\w+)\}/g, (_, name) => ids[name]);
  const asked = String(new URLSearchParams(query));
  return asked === "" ? filled : `${filled}?${asked}`;
}

/**
 * @template {Paths<"get">} Path
 * @param {Path} path
 * @param {Ids<Path>} ids
 * @param {Query<Path>} [query]
 * @returns {Promise<Answer<Path, "get">>}
 */
const get = (path, ids, query) => send(addressOf(path, ids, query), {});

/**
 * @template {Paths<"post">} Path
 * @param {Path} path
 * @param {Ids<Path>} ids
 * @param {Body<Path>} json
 * @returns {Promise<Answer<Path, "post">>}
 */
const post = (path, ids, json) => send(addressOf(path, ids), { method: "POST", json });

export const events = () => get("/api/events/", {});
/**
 * `next` is a path that the service has given.
 * @returns {Promise<Answer<"/api/events/", "get">>}
 */
export const eventsAt = (next) => send(next, {});
export const event = (event_id) => get("/api/events/{event_id}/", { event_id });
/** @param {Body<"/api/events/">} terms */
export const createEvent = (terms) => post("/api/events/", {}, terms);
/**
 * @param {Body<"/api/events/{event_id}/", "patch">} json
 * @returns {Promise<Answer<"/api/events/{event_id}/", "patch">>}
 */
export const changeEvent = (event_id, json) =>
  send(addressOf("/api/events/{event_id}/", { event_id }), { method: "PATCH", json });
export const closeSale = (event_id, version) => post("/api/events/{event_id}/close/", { event_id }, { version });
export const cancellation = (event_id) => get("/api/events/{event_id}/cancel/", { event_id });
/** @param {Answer<"/api/events/{event_id}/cancel/", "get">} preview */
export function cancelEvent(event_id, preview) {
  const { version, refund_total } = preview;
  const json = { version, refund_total_minor: refund_total.amount_minor };
  return post("/api/events/{event_id}/cancel/", { event_id }, json);
}
/** @param {Query<"/api/events/{event_id}/history/">} query */
export const eventHistory = (event_id, query) => get("/api/events/{event_id}/history/", { event_id }, query);
export const report = (event_id) => get("/api/events/{event_id}/report/", { event_id });
/**
 * How many are inside; with a query the path has another answer.
 * @returns {Promise<Admissions>}
 */
export const admissions = (event_id) => send(addressOf("/api/events/{event_id}/admissions/", { event_id }), {});
/** @param {Query<"/api/events/{event_id}/tickets/">} query */
export const tickets = (event_id, query) => get("/api/events/{event_id}/tickets/", { event_id }, query);
/** @param {Query<"/api/events/{event_id}/refunds/">} query */
export const refunds = (event_id, query) => get("/api/events/{event_id}/refunds/", { event_id }, query);
/** @param {Query<"/api/events/{event_id}/disputes/">} query */
export const disputes = (event_id, query) => get("/api/events/{event_id}/disputes/", { event_id }, query);

/**
 * @param {"tickets" | "report"} list
 * @returns {Promise<string>}
 */
export function csvOf(event_id, list, query) {
  /** @type {Paths<"get">} */
  const path = `/api/events/{event_id}/${list}.csv`;
  return send(addressOf(path, { event_id }, query), { text: true, milliseconds: FILE_MS, isAnswer: () => true });
}

export const story = (ticket_id) => get("/api/tickets/{ticket_id}/story/", { ticket_id });
/** @param {{ again?: true, paid_back?: string }} more */
export const refund = (ticket_id, more = {}) => post("/api/payments/refund/", {}, { ticket_id, ...more });
