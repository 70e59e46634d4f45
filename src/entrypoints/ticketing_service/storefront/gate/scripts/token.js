// The text that a guest shows: an admission token, or a number or code that staff type.

/** The beginning of all tokens: base64url of `{"alg":"EdDSA","kid":"`, whole characters only. */
export const PREFIX = "eyJhbGciOiJFZERTQSIsImtpZCI6I";

// Ed25519 signatures have 64 bytes.
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;
const CODE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// More digits than a ticket's id has.
const NUMBER = /^[1-9]\d{0,14}$/;

export function bytesOf(base64url) {
  const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function base64urlOf(bytes) {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function jsonOf(base64url) {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(base64url)));
}

/** Whether the text has the form of a whole token. Its signature is not checked. */
export function isToken(text) {
  return text.startsWith(PREFIX) && TOKEN.test(text);
}

/** The parts of a compact JWS (RFC 7515), or null for other texts. Nothing is verified here. */
export function partsOf(jws) {
  try {
    const [header, payload, signature] = jws.split(".");
    const bytes = bytesOf(signature);
    // The last character has bits that decoders ignore. Reject other texts for one signature.
    if (base64urlOf(bytes) !== signature) {
      return null;
    }
    const signed = `${header}.${payload}`;
    return { header: jsonOf(header), claims: jsonOf(payload), signed, signature: bytes };
  } catch {
    return null;
  }
}

/** The claims that a gate needs, or null if they are not those of a ticket. */
function ticketOf(claims) {
  const numbers = [claims?.t, claims?.e, claims?.q];
  if (typeof claims?.c !== "string" || !numbers.every((each) => Number.isSafeInteger(each))) {
    return null;
  }
  const [ticket_id, event_id, quantity] = numbers;
  return quantity > 0 ? { ticket_id, event_id, quantity } : null;
}

/**
 * Parses a text to `{token, ticket}`, `{ticket_id}`, `{ticket_code}`, or null for any other text.
 * `ticket` has the claims of the token, whose signature is not verified yet.
 */
export function shownBy(text) {
  const trimmed = text.trim();
  if (isToken(trimmed)) {
    const ticket = ticketOf(partsOf(trimmed)?.claims);
    return ticket === null ? null : { token: trimmed, ticket };
  }
  if (NUMBER.test(trimmed)) {
    return { ticket_id: Number(trimmed) };
  }
  return CODE.test(trimmed) ? { ticket_code: trimmed.toLowerCase() } : null;
}
