// A person's access token: for this tab and this page only, and never in the address or with the journal.

const KEY = `${document.body.dataset.page}_access_token`;

/**
 * Takes the token out of the address, and returns whether it had one: nobody shall copy it from
 * there.
 */
export function takeFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    sessionStorage.setItem(KEY, token.trim());
    history.replaceState(null, "", location.pathname + location.search);
  }
  return Boolean(token);
}

export function setToken(text) {
  sessionStorage.setItem(KEY, text.trim());
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

export function currentToken() {
  return sessionStorage.getItem(KEY);
}

/** When the token ends, in milliseconds; null if it does not say, or is none. */
export function endsAt(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(payload)).exp * 1000 || null;
  } catch {
    return null;
  }
}

/** Whether a token is there that has not ended. */
export function hasToken() {
  const token = currentToken();
  return token !== null && (endsAt(token) ?? Infinity) > Date.now();
}
