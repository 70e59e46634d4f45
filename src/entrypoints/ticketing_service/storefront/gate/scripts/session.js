// The access token: kept for this tab and this page only, never in the address or in the journal.

const KEY = `${document.body.dataset.page}_access_token`;

/**
 * Removes the token from the address, so that nobody copies it from there. Returns whether there was
 * one.
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

/** When the token expires, in milliseconds; null if it does not say, or is not a token. */
export function endsAt(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(payload)).exp * 1000 || null;
  } catch {
    return null;
  }
}

/** Whether there is a token that has not expired. */
export function hasToken() {
  const token = currentToken();
  return token !== null && (endsAt(token) ?? Infinity) > Date.now();
}
