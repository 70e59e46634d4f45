// The decisions of an offline gate. Validity comes before "used", as at the service.

import { insideWith, LIST_MADE_BEFORE_MS } from "./journal.js";

/** Without a list, all entries of the device count as newer than it. */
const NO_LIST = { isVoid: false, inside: 0, askedAt: -Infinity, gotAt: -Infinity };

/** What is known about a ticket: from the list, or from a later answer of the service. */
export function knownOf(ticketId, { held, seen }) {
  if (seen && seen.at > (held?.askedAt ?? -Infinity) - LIST_MADE_BEFORE_MS) {
    const { isVoid, inside, at } = seen;
    // Unlike a list, an answer is never older than its request.
    return { isVoid, inside, askedAt: at + LIST_MADE_BEFORE_MS, gotAt: at };
  }
  if (held === null) {
    return NO_LIST;
  }
  const { list, askedAt, gotAt } = held;
  return { isVoid: list.isVoid(ticketId), inside: list.insideOn(ticketId), askedAt, gotAt };
}

/** How many people of a ticket may still go in, as far as this device knows. */
export function leftOf({ quantity }, known, entries) {
  return Math.max(0, quantity - insideWith(known, entries));
}

/**
 * Decides on a genuine ticket.
 *
 * Args:
 *   ticket: `{ticket_id, event_id, quantity}`, from its token.
 *   eventId: The gate's event.
 *   people: How many ask to go in; null for all who are left.
 *   held: The gate list of this device, `{list, askedAt, gotAt}`, or null.
 *   seen: The last answer of the service about this ticket, `{at, isVoid, inside}`, if any.
 *   entries: The journal's entries of this ticket.
 *   now: Milliseconds.
 *
 * Returns an answer like the service's. `unchecked` means that the list is missing or too old: people
 * are still let in, since a gate turns nobody away because of a server problem.
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

/** The age of the list in seconds if it is too old; null if it is fresh. */
export function listAge(held, now) {
  const age = Math.floor((now - held.gotAt) / 1000);
  return age > held.list.ttl ? age : null;
}
