// Reads the gate list: which tickets of an event are void, and who is inside. It is a Token Status
// List (draft-ietf-oauth-status-list) with extensions of this service.

import { bytesOf } from "./token.js";
import { read } from "./signatures.js";

async function inflated(base64url) {
  const packed = new Blob([bytesOf(base64url)]).stream();
  // This is the name of zlib's format.
  const unpacked = packed.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** Decodes numbers: seven bits in each byte, the low ones first (LEB128). */
export function varints(bytes) {
  const numbers = [];
  let number = 0;
  let scale = 1;
  for (const byte of bytes) {
    number += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(number);
      [number, scale] = [0, 1];
    }
  }
  return numbers;
}

/** Pairs: how far a ticket's id is from the one before, or from `first`, and people inside. */
function insideOf(bytes, first) {
  const inside = new Map();
  const numbers = varints(bytes);
  let ticketId = first;
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    ticketId += numbers[index];
    inside.set(ticketId, numbers[index + 1]);
  }
  return inside;
}

/** What a device knows of the tickets of an event. */
export class GateList {
  /** `bitmap` has a bit for each id from `first` on: whether that ticket is void. */
  constructor({ first, bitmap, inside, ttl, lifetime }) {
    Object.assign(this, { first, bitmap, inside, ttl, lifetime });
  }

  isVoid(ticketId) {
    const index = ticketId - this.first;
    return index >= 0 && Boolean((this.bitmap[index >> 3] ?? 0) & (1 << (index & 7)));
  }

  insideOn(ticketId) {
    return this.inside.get(ticketId) ?? 0;
  }
}

/**
 * Reads a list that was fetched for an event. Returns a `GateList`, or null if it is of another
 * event, not signed with one of `keys`, or not a list.
 */
export async function readGateList(jws, { eventId, keys }) {
  const { header, claims } = await read(jws, keys);
  // A ticket must not be accepted as a list.
  if (header?.typ !== "statuslist+jwt" || claims.e !== eventId || claims.status_list?.bits !== 1) {
    return null;
  }
  try {
    return new GateList({
      first: claims.first,
      bitmap: await inflated(claims.status_list.lst),
      inside: insideOf(await inflated(claims.inside), claims.first),
      ttl: claims.ttl,
      lifetime: claims.exp - claims.iat,
    });
  } catch {
    return null;
  }
}
