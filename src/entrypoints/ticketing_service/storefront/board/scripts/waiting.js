// @ts-check
// What somebody has to look at: refunds that wait, and disputes with their evidence.

import { button, element, save } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { named, table } from "./dom.js";
import { money } from "./money.js";
import { inside, marks, nextPage, whose, why } from "./tickets.js";
import { when } from "./words.js";

const none = (text) => element("p", { className: "panel" }, text);

function pages({ next }, route, query) {
  const found = [nextPage(next, { route, query, from: "after" })].filter(Boolean);
  return element("p", { className: "actions" }, ...found);
}

export async function refundList({ eventId, query }) {
  const [event, page] = await Promise.all([
    api.event(eventId),
    api.refunds(eventId, Object.fromEntries(query)),
  ]);
  const rows = page.refunds.map((each) => [
    whose(each),
    money(each.owed_minor, each.total.currency),
    each.owed_since ? when(each.owed_since, event.time_zone) : "—",
    element("span", {}, why(each), each.waits_for_person ? ". " : "", each.waits_for_person ? marks(each) : ""),
  ]);
  const columns = ["Ticket and buyer", "Owed", "Since", "Why it waits"];
  return [
    element("h1", {}, "Refunds that wait: ", named(event.name)),
    element("p", { className: "hint" }, "Open a ticket to try its refund again, or to say that it was paid back otherwise."),
    rows.length > 0 ? table("Tickets whose money is owed, the oldest first", columns, rows) : none("No refund waits."),
    pages(page, `/events/${eventId}/refunds`, query),
  ];
}

/** A text to copy from: each field of the provider's form with what belongs into it. */
function evidenceButton({ ticket, evidence }) {
  const known = Object.entries(evidence).filter(([, value]) => value !== null);
  const text = known.map(([name, value]) => `${name}\n${value}\n`).join("\n");
  const name = `dispute-ticket-${ticket.ticket_id}.txt`;
  const made = button("Save the evidence", () => save(name, text, "text/plain"), "plain");
  made.ariaLabel = `Save the evidence of ticket ${ticket.ticket_id}`;
  return made;
}

export async function disputeList({ eventId, query }) {
  const [event, page] = await Promise.all([
    api.event(eventId),
    api.disputes(eventId, Object.fromEntries(query)),
  ]);
  const rows = page.disputes.map((each) => [
    whose(each.ticket),
    money(each.ticket.total.amount_minor, each.ticket.total.currency),
    inside(each.ticket),
    marks(each.ticket),
    evidenceButton(each),
  ]);
  const columns = ["Ticket and buyer", "Total", "People", "Status", "Evidence"];
  return [
    element("h1", {}, "Disputes: ", named(event.name)),
    element("p", { className: "hint" }, "The evidence is what you send to the payment provider: who bought, and when they went in."),
    rows.length > 0 ? table("Tickets whose payment is disputed", columns, rows) : none("No payment is disputed."),
    pages(page, `/events/${eventId}/disputes`, query),
  ];
}
