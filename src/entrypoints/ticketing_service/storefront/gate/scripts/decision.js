// What a gate decides by itself, offline. Validity comes before "used", as at the service.

import { insideWith, LIST_MADE_BEFORE_MS } from "./journal.js";

/** Where there is no list, everything the device has noted lies beyond it. */
const NO_LIST = { isVoid: false, inside: 0, askedAt: -Infinity, gotAt: -Infinity };

/** What is known of a ticket: by the list, or by what the service has said of it since. */
export function knownOf(ticketId, { held, seen }) {
  if (seen && seen.at > (held?.askedAt ?? -Infinity) - LIST_MADE_BEFORE_MS) {
    const { isVoid, inside, at } = seen;
    // Unlike a list, an answer is not older than the question.
    return { isVoid, inside, askedAt: at + LIST_MADE_BEFORE_MS, gotAt: at };
  }
  if (held === null) {
    return NO_LIST;
  }
  const { list, askedAt, gotAt } = held;
  return { isVoid: list.isVoid(ticketId), inside: list.insideOn(ticketId), askedAt, gotAt };
}

/** How many people of a ticket may still go in, as far as it is known. */
export function leftOf({ quantity }, known, entries) {
  return Math.max(0, quantity - insideWith(known, entries));
}

/**
 * Decides on a genuine ticket.
 *
 * Args:
 *   ticket: `{ticket_id, event_id, quantity}`, from its token.
 *   eventId: The gate's event.
 *   people: How many ask; null for all that are left.
 *   held: The gate list as this device holds it, `{list, askedAt, gotAt}`, or null.
 *   seen: What the service has said of this ticket last, `{at, isVoid, inside}`, if it has.
 *   entries: The journal's entries of this ticket.
 *   now: Milliseconds.
 *
 * Returns an answer like the service's. `unchecked` says that the list is missing or too old to say
 * much: people are let in all the same, since a gate turns nobody away because of our server.
 */
export function decide({ ticket, eventId, people, held, seen, entries, now }) {
  const { ticket_id, event_id, quantity } = ticket;
  const age = held === null ? Infinity : now - held.gotAt;
  const unchecked = held === null || age > held.list.lifetime * 1000;
  const answer = { offline: true, unchecked, ticket_id, event_id, quantity, people: 0 };
  if (event_id !== eventId) {
    return { ...answer, outcome: "wrong_event" };
  }
  const known = knownOf(ticket_id, { held, seen });
  if (known.isVoid) {
    return { ...answer, outcome: "void" };
  }
  const left = leftOf(ticket, known, entries);
  const asked = people ?? left;
  if (left === 0) {
    const last = entries.filter(({ undo }) => undo === null).sort((a, b) => b.at - a.at)[0];
    const seen = last && { at: new Date(last.at).toISOString(), gate: last.gate };
    return { ...answer, outcome: "already_admitted", left, last: seen };
  }
  if (asked > left) {
    return { ...answer, outcome: "too_many", left };
  }
  return { ...answer, outcome: "admitted", people: asked, left: left - asked };
}

/** Seconds since the list was fresh if that is more than it may be; null if it is fresh. */
export function listAge(held, now) {
  const age = Math.floor((now - held.gotAt) / 1000);
  return age > held.list.ttl ? age : null;
}
