// The typed client: what is sent and read is checked against openapi.d.ts (`npm run types`).

import createClient from "openapi-fetch";
import type { components, paths } from "./openapi";

export type Event = components["schemas"]["EventAnswer"];
type Problem = components["schemas"]["Problem"];

export const api = createClient<paths>({
  baseUrl: import.meta.env.VITE_API_URL ?? "http://127.0.0.1:8000",
});

api.use({
  onRequest({ request }) {
    // In your app, the access token of your login. Here it is the one that the demo prints.
    request.headers.set("Authorization", `Bearer ${import.meta.env.VITE_TOKEN}`);
  },
});

/** Mistakes of this program, by status or code: their text is not for buyers. */
const OURS = [401, 405, 413, 415, 422, "invalid_input", "malformed_json"];

/** A call that did not succeed: a text for the buyer, when to retry, in seconds, and the code. */
export class Failed extends Error {
  detail = "Something is wrong with this page.";
  again?: number;
  code?: Problem["code"];
}

/** Returns what a call answers, or throws `Failed`. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: Problem; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch(() => {
    const detail = "The shop cannot be reached. Please try again.";
    throw Object.assign(new Failed(), { detail, again: 3 });
  });
  if (error === undefined) return data as T;
  const { code, detail, retryable, status } = error;
  const again = retryable ? Number(response.headers.get("Retry-After")) || 3 : undefined;
  const failed = Object.assign(new Failed(`${code}: ${detail}`), { again, code });
  if (OURS.includes(status) || OURS.includes(code)) console.error(failed.message);
  else failed.detail = detail;
  throw failed;
}
