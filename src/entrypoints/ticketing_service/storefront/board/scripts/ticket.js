// @ts-check
// The story of a ticket, and what an organizer can do about its money.

import { button, element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { alertOf, busy, confirmed, facts, link, named, say, section, table } from "./dom.js";
import { money } from "./money.js";
import { inside, marks, why } from "./tickets.js";
import { count, exactly, problem, STATUSES, when } from "./words.js";

const amountOf = (ticket, minor) => money(minor, ticket.total.currency);

/**
 * What a refund would give back now.
 * @param {import("ticketing-api").SoldTicket} ticket
 */
function refundable(ticket) {
  const { total, refunded_minor, charged_back_minor, paid_back_minor } = ticket;
  return Math.max(0, total.amount_minor - refunded_minor - charged_back_minor - paid_back_minor);
}

/** @param {import("ticketing-api").SoldTicket} ticket */
const rowsOf = (ticket, minor) => [
  ["Buyer", named(ticket.buyer)],
  ["People", `${ticket.quantity}, ${ticket.admitted + ticket.excess} of them inside`],
  ["Sum", amountOf(ticket, minor)],
];

/** @param {import("ticketing-api").SoldTicket} ticket */
async function askForRefund(ticket) {
  const sure = await confirmed({
    title: `Refund ticket ${ticket.ticket_id}?`,
    rows: rowsOf(ticket, refundable(ticket)),
    text: "The ticket becomes void at once, for all of its people. This cannot be undone.",
    yes: "Refund it",
    no: "Keep the ticket",
  });
  return sure && api.refund(ticket.ticket_id);
}

/** @param {import("ticketing-api").SoldTicket} ticket */
async function tryAgain(ticket) {
  const sure = await confirmed({
    title: `Try the refund of ticket ${ticket.ticket_id} again?`,
    rows: rowsOf(ticket, ticket.owed_minor),
    text: "The payment provider is asked once more.",
    yes: "Try again",
    no: "Leave it",
  });
  return sure && api.refund(ticket.ticket_id, { again: true });
}

/** @param {import("ticketing-api").SoldTicket} ticket */
async function paidBack(ticket, how) {
  const sure = await confirmed({
    title: `Is ticket ${ticket.ticket_id} paid back?`,
    rows: [...rowsOf(ticket, ticket.owed_minor), ["How", named(how)]],
    text: "Nothing more is sent to the buyer.",
    yes: "It is paid back",
    no: "It is not",
  });
  return sure && api.refund(ticket.ticket_id, { paid_back: how });
}

/** A form for money that went back by other means, which ends a refund that is stuck. */
function paidBackForm(ticket, act) {
  const field = element("input", { id: "how", required: true, maxLength: 200, autocomplete: "off" });
  const submit = element("button", { className: "plain" }, "It is paid back otherwise");
  const form = element(
    "form",
    { className: "search" },
    element("div", { className: "field" }, element("label", { htmlFor: "how" }, "How the buyer got the money"), field),
    submit,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    const how = field.value.trim();
    if (how === "") {
      field.focus();
      return;
    }
    busy(submit, () => act(() => paidBack(ticket, how)));
  };
  return form;
}

/** @param {import("ticketing-api").SoldTicket} ticket */
function actions(ticket, reload) {
  const said = element("div", {});
  const act = async (work) => {
    try {
      const answer = await work();
      if (answer) {
        await reload();
        say(answer.detail);
      }
    } catch (error) {
      said.replaceChildren(alertOf(error.message));
    }
  };
  const found = [];
  if (ticket.status === "issued") {
    const refund = button("Refund …", () => busy(refund, () => act(() => askForRefund(ticket))), "danger");
    refund.id = "refund";
    found.push(refund);
  }
  if (ticket.status === "refunding" && ticket.waits_for_person) {
    const again = button("Try again …", () => busy(again, () => act(() => tryAgain(ticket))));
    found.push(again, paidBackForm(ticket, act));
  }
  return element("div", { className: "actions" }, ...found, said);
}

/** @param {import("ticketing-api").SoldTicket} ticket */
function moneyOf(ticket) {
  const amount = (minor) => amountOf(ticket, minor);
  /** @type {[string, number][]} */
  const sums = [
    ["Refunded", ticket.refunded_minor],
    ["Charged back", ticket.charged_back_minor],
    ["Paid back otherwise", ticket.paid_back_minor],
    ["Owed to the buyer", ticket.owed_minor],
  ];
  const back = sums.filter(([, minor]) => minor > 0);
  return [["Total", amount(ticket.total.amount_minor)], ...back.map(([name, minor]) => [name, amount(minor)])];
}

const KINDS = { let_in: "Let in", undone: "Taken back" };

function scansOf(scans, zone) {
  if (scans.length === 0) {
    return element("p", { className: "hint" }, "Nobody was let in.");
  }
  const rows = scans.map(({ at, kind, people, gate, by, offline }) => [
    exactly(at, zone),
    KINDS[kind] ?? kind,
    count(Math.abs(people), "person", "people"),
    named(gate),
    named(by),
    offline ? "offline" : "online",
  ]);
  return table("Scans at the gates", ["When", "What", "How many", "Gate", "By", "Device"], rows);
}

export async function ticketStory({ ticketId, reload }) {
  const { ticket, changes, scans } = await api.story(ticketId);
  const { time_zone: zone, name } = await api.event(ticket.event_id);
  const rows = changes.map(({ at, status, why: reason, by }) => [
    exactly(at, zone),
    STATUSES[status] ?? status,
    named(reason),
    named(by),
  ]);
  return [
    element("h1", {}, `Ticket ${ticket.ticket_id} of `, named(ticket.buyer)),
    element("p", { className: "state" }, marks(ticket), " ", inside(ticket)),
    ...(ticket.status === "refunding" ? [element("p", { className: "banner mark" }, `The refund: ${why(ticket)}.`)] : []),
    ...(ticket.disputed && ticket.status !== "refunding" ? [element("p", { className: "banner mark" }, `${problem("disputed")}.`)] : []),
    section(
      "The ticket",
      facts([
        ["Event", link(name, `#/events/${ticket.event_id}`)],
        ["Code", ticket.ticket_code],
        ["People", String(ticket.quantity)],
        ...moneyOf(ticket),
        ["Ordered", when(ticket.created_at, zone)],
      ]),
      actions(ticket, reload),
    ),
    section("What happened", table("All changes, the oldest first", ["When", "Status", "Why", "By"], rows)),
    section("At the gates", scansOf(scans, zone)),
  ];
}
