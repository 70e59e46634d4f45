// @ts-check `make types` checks all calls against the API's document.
// Calls of the payment API, and their errors.

/** The API refused: `problem` is its problem document (RFC 9457). */
export class Refused extends Error {
  /** @param {import("ticketing-api").Problem} problem */
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? `The shop's server answered ${status}.`);
    this.status = status;
    this.problem = problem;
    this.code = problem.code;
    this.retryable = Boolean(problem.retryable);
    this.retryAfter = Number(retryAfter) || null;
  }
}

/** No response came: the call may or may not have taken effect. */
export class Unreachable extends Error {
  constructor() {
    super("The shop's server cannot be reached.");
    this.retryable = true;
    this.retryAfter = null;
  }
}

let session = null;

async function answerOf(request) {
  try {
    return await request;
  } catch {
    throw new Unreachable();
  }
}

async function currentSession() {
  if (session === null) {
    const response = await answerOf(fetch("/session.json"));
    session = await response.json();
  }
  return session;
}

async function ask(path, options) {
  const { api_url, access_token } = await currentSession();
  const headers = { Authorization: `Bearer ${access_token}`, ...options.headers };
  return answerOf(fetch(new URL(path, api_url), { ...options, headers }));
}

async function called(path, options) {
  let response = await ask(path, options);
  if (response.status === 401) {
    // The token has expired after an hour; the next session has a new one.
    session = null;
    response = await ask(path, options);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refused(response.status, body, response.headers.get("Retry-After"));
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
