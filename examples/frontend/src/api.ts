// The typed client: what is sent and read is checked against openapi.d.ts (`npm run types`).

import createClient from "openapi-fetch";
import type { components, paths } from "./openapi";

export type Event = components["schemas"]["EventAnswer"];

export const api = createClient<paths>({
  baseUrl: import.meta.env.VITE_API_URL ?? "http://127.0.0.1:8000",
});

api.use({
  onRequest({ request }) {
    // In your app, the access token of your login. Here it is the one that the demo prints.
    request.headers.set("Authorization", `Bearer ${import.meta.env.VITE_TOKEN}`);
  },
});

/** A call that did not succeed: a text for the buyer, and when to retry, in seconds. */
export class Failed extends Error {
  constructor(message: string, readonly again: number | null) {
    super(message);
  }
}

/** Returns what a call answers, or throws `Failed`. */
export async function answer<T>(
  call: Promise<{ data?: T; error?: components["schemas"]["Problem"]; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call.catch(() => {
    throw new Failed("The shop cannot be reached. Please try again.", 3);
  });
  if (error !== undefined) {
    const seconds = Number(response.headers.get("Retry-After")) || 3;
    throw new Failed(error.detail, error.retryable ? seconds : null);
  }
  return data as T;
}
