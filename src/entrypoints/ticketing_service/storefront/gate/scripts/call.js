// One call of the API, and the two ways in which it fails.

/** No answer, or a meaningless one: the call may or may not have taken effect. */
export class NoAnswer extends Error {}

/** The service refuses the request. `problem` is its explanation (RFC 9457). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The service answers ${status}.`);
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
  }
}

/**
 * Returns the body of an answer, as text if `text` is set. An answer that `isAnswer` rejects comes
 * from something else, such as a hotspot or a proxy, and counts as no answer.
 */
export async function call(url, { token, milliseconds, isAnswer, json, text = false, ...options }) {
  const headers = {
    ...(json !== undefined && { "Content-Type": "application/json" }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
  let response;
  let body;
  try {
    const signal = AbortSignal.timeout(milliseconds);
    response = await fetch(url, { ...options, headers, body: JSON.stringify(json), signal });
    body = await (text && response.ok ? response.text() : response.json());
  } catch (error) {
    throw new NoAnswer(error.message);
  }
  const { ok, status } = response;
  if (ok && isAnswer(body)) {
    return body;
  }
  // The service runs but cannot decide now: it is overloaded, or without its database.
  const later = status >= 500 || [408, 429].includes(status);
  if (ok || later || typeof body?.code !== "string") {
    throw new NoAnswer(`status ${status}`);
  }
  throw new Refused(status, body);
}
