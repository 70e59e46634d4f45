// @ts-check `make types` checks all calls against the API's document.
// Calls of the API at a gate.

import { call } from "./call.js";

/** @import { Answer, Body, Paths, Relative, Written } from "ticketing-api" */

/** The longest wait at a door. Then the page tries once more, and decides alone. */
const ANSWER_MS = 3000;
/** For lists, which are larger, and for which nobody waits. */
const LIST_MS = 20_000;

const hasOutcome = (body) => typeof body?.outcome === "string";
const isEvent = (body) => Number.isSafeInteger(body?.event_id);
const isList = (value, isItem) => Array.isArray(value) && value.every(isItem);

export class Service {
  /** `accessToken` returns the staff's token, or null. */
  constructor({ url, accessToken }) {
    this.url = url;
    this.accessToken = accessToken;
  }

  /**
   * Returns the body of an answer, as `call` does.
   * @param {Relative<Written<Paths<"get"> | Paths<"post">>>} path
   */
  #call(path, options, milliseconds, isAnswer) {
    const url = new URL(path, this.url);
    return call(url, { ...options, token: this.accessToken(), milliseconds, isAnswer });
  }

  /**
   * @template {Relative<Paths<"post">>} Path
   * @param {Path} path
   * @param {Body<`/${Path}`>} body
   * @returns {Promise<Answer<`/${Path}`, "post">>}
   */
  #post(path, body, isAnswer) {
    return this.#call(path, { method: "POST", json: body }, ANSWER_MS, isAnswer);
  }

  /** @param {Body<"/api/tickets/check-in/">} body */
  checkIn(body) {
    return this.#post("api/tickets/check-in/", body, hasOutcome);
  }

  /** @param {Body<"/api/tickets/check-in/undo/">} body */
  undo(body) {
    return this.#post("api/tickets/check-in/undo/", body, hasOutcome);
  }

  /** @param {Body<"/api/tickets/check-in/sync/">} body */
  sync(body) {
    const isAnswer = (found) =>
      isList(found?.results, hasOutcome) && found.results.length === body.scans.length;
    return this.#post("api/tickets/check-in/sync/", body, isAnswer);
  }

  /** Fetches the list. An unchanged one costs a few bytes, since the browser caches it (ETag). */
  gateList(eventId) {
    // Its signature shows whether it is genuine.
    const isAnswer = () => true;
    const options = { cache: /** @type {const} */ ("no-cache"), text: true };
    return this.#call(`api/events/${eventId}/gate-list/`, options, LIST_MS, isAnswer);
  }

  /** @returns {Promise<Answer<"/.well-known/jwks.json", "get">["keys"]>} */
  async keys() {
    const isAnswer = (found) => isList(found?.keys, (key) => typeof key?.kid === "string");
    return (await this.#call(".well-known/jwks.json", { cache: "no-cache" }, LIST_MS, isAnswer)).keys;
  }

  /** @returns {Promise<Answer<"/api/events/{event_id}/", "get">>} */
  event(eventId) {
    return this.#call(`api/events/${eventId}/`, {}, ANSWER_MS, isEvent);
  }

  /** @returns {Promise<Answer<"/api/events/", "get">["events"]>} */
  async events() {
    const isAnswer = (found) => isList(found?.events, isEvent);
    return (await this.#call("api/events/", {}, ANSWER_MS, isAnswer)).events;
  }
}
