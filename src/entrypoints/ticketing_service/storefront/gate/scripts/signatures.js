// Verifies Ed25519 signatures, with the browser or with a library if it cannot.

import { bytesOf, partsOf } from "./token.js";

async function byTheBrowser(jwk, signature, message) {
  const { kty, crv, x } = jwk;
  const algorithm = { name: "Ed25519" };
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x }, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, message);
}

async function byTheLibrary(jwk, signature, message) {
  const [{ hashes, verify }, { sha512 }] = await Promise.all([
    import("../vendor/noble-ed25519/index.js"),
    import("./sha512.js"),
  ]);
  hashes.sha512 = sha512;
  // Strictly by RFC 8032, like browsers and OpenSSL.
  return verify(signature, message, bytesOf(jwk.x), { zip215: false });
}

async function isSignedBy(jwk, signature, message) {
  try {
    return await byTheBrowser(jwk, signature, message);
  } catch {
    // An old browser, or no secure context.
  }
  try {
    return await byTheLibrary(jwk, signature, message);
  } catch {
    return false;
  }
}

/**
 * Reads a compact JWS: `{header, claims}`, `{fault: "forged"}`, or `{fault: "unknown_key"}` if none
 * of `keys` (JSON Web Keys) has its `kid`.
 */
export async function read(jws, keys) {
  const parts = partsOf(jws);
  if (parts === null || parts.header?.alg !== "EdDSA") {
    return { fault: "forged" };
  }
  const jwk = keys.find(({ kid }) => kid === parts.header.kid);
  if (jwk === undefined) {
    return { fault: "unknown_key" };
  }
  const message = new TextEncoder().encode(parts.signed);
  if (!(await isSignedBy(jwk, parts.signature, message))) {
    return { fault: "forged" };
  }
  return { header: parts.header, claims: parts.claims };
}
