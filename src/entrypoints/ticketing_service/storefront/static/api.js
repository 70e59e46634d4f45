// @ts-check `make types` checks all calls against the API's document.
// Calls of the payment API, and their errors.

import { tab } from "./storage.js";

/** The API refused: `problem` is its problem document (RFC 9457). */
export class Refused extends Error {
  /** @param {import("ticketing-api").Problem} problem */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? "");
    this.status = status;
    this.problem = problem;
    this.code = problem.code;
    this.retryable = Boolean(problem.retryable);
    this.retryAfter = Number(retryAfter) || null;
  }

  /** Whether the API has said no for good. After anything else the outcome is not known. */
  get final() {
    return this.status >= 400 && this.status < 500 && !this.retryable;
  }
}

/** An answer that says neither yes nor no in a way that this page knows. */
export function unknownAnswer() {
  const problem = { code: "200", detail: "", retryable: false };
  return new Refused(200, /** @type {any} */ (problem), null);
}

/** No answer came, or none of the API: the call may or may not have taken effect. */
export class Unreachable extends Error {
  constructor() {
    super("unreachable");
    this.retryable = true;
    this.retryAfter = null;
  }
}

const SLOW_MS = 3000;
/** Longer than the service takes for its slowest call. */
const PATIENCE_MS = 45_000;
const BUYER = "buyer";

/** Tells the frame around the views: "slow" with whether calls are, and "otherVersion". */
export function tell(name, detail = null) {
  dispatchEvent(new CustomEvent(name, { detail }));
}

let slowCalls = 0;

async function answerOf(url, options = {}) {
  let slow = false;
  const timer = setTimeout(() => {
    slow = true;
    slowCalls += 1;
    tell("slow", true);
  }, SLOW_MS);
  try {
    return await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
    if (slow) {
      slowCalls -= 1;
      tell("slow", slowCalls > 0);
    }
  }
}

let begun = null;

/** Who buys: the address of the API, a token, and the buyers of the demo. */
export function session() {
  begun ??= beginSession().catch((error) => {
    begun = null;
    throw error;
  });
  return begun;
}

async function beginSession() {
  // For this tab only, so that two tabs may be two buyers.
  const buyer = tab.get(BUYER) ?? "";
  const response = await answerOf(`/session.json?${new URLSearchParams({ buyer })}`);
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    throw new Unreachable();
  }
  return body;
}

export function playBuyer(name) {
  tab.set(BUYER, name);
  location.assign("/");
}

async function ask(path, options) {
  const { api_url, access_token } = await session();
  const headers = { Authorization: `Bearer ${access_token}`, ...options.headers };
  return answerOf(new URL(path, api_url), { ...options, headers });
}

async function answered(path, options) {
  let response = await ask(path, options);
  if (response.status === 401) {
    // The token has expired; the next session has a new one.
    begun = null;
    response = await ask(path, options);
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    // Without a code it comes from something else, such as a proxy.
    if (typeof problem?.code !== "string") {
      throw new Unreachable();
    }
    throw new Refused(response.status, problem, response.headers.get("Retry-After"));
  }
  return response;
}

async function called(path, options) {
  const response = await answered(path, options);
  const body = await response.json().catch(() => null);
  if (body === null || typeof body !== "object") {
    throw new Unreachable();
  }
  return body;
}

/** @type {import("ticketing-api").Get} */
export const get = (path) => called(path, {});

/** @type {import("ticketing-api").Post} */
export const post = (path, body, headers = {}) =>
  called(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** The QR code of an issued ticket, as Base64 of a PNG. */
export async function qrCode(ticketId) {
  const response = await answered(`/api/tickets/${encodeURIComponent(ticketId)}/qr.png`, {});
  const bytes = new Uint8Array(await response.arrayBuffer().catch(() => new ArrayBuffer(0)));
  if (bytes.length === 0) {
    throw new Unreachable();
  }
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
