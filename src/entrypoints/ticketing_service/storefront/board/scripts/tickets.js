// @ts-check
// The tickets of an event: search, pages, and a file. What was asked for is in the address.

import { element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { csvButton } from "./csv.js";
import { chip, link, named, say, table } from "./dom.js";
import { money } from "./money.js";
import { count, problem, STATUSES, when } from "./words.js";

const LIMIT = 50;
/** The longest name of a buyer, and longer than a code. */
const LONGEST = 200;
const KINDS = { issued: "yes", refunding: "mark", reserved: "quiet", paying: "quiet" };

/**
 * The chips of a ticket: its status, and what somebody has to know.
 * @param {import("ticketing-api").SoldTicket} ticket
 */
export function marks({ status, disputed, excess, waits_for_person }) {
  const all = [
    [STATUSES[status] ?? status, KINDS[status] ?? "quiet"],
    disputed && ["Disputed", "bad"],
    waits_for_person && ["Waits for you", "bad"],
    excess > 0 && [`${excess} inside without a right`, "bad"],
  ];
  return element("span", { className: "marks" }, ...all.filter(Boolean).map(chip));
}

/** @param {import("ticketing-api").SoldTicket} ticket */
export function whose({ ticket_id, buyer }, href = `#/tickets/${ticket_id}`) {
  return element("span", { className: "whose" }, link(`Ticket ${ticket_id}`, href), " ", named(buyer));
}

/** @param {import("ticketing-api").SoldTicket} ticket */
export function inside({ admitted, excess, quantity }) {
  return `${admitted + excess} of ${quantity} inside`;
}

/**
 * Why the money of a ticket has not gone back.
 * @param {import("ticketing-api").SoldTicket} ticket
 */
export function why(ticket) {
  if (ticket.refund_problem !== null) {
    return problem(ticket.refund_problem);
  }
  return ticket.disputed ? problem("disputed") : "It is on its way";
}

/** The link to the next page of a list: the query of this one, from another ticket on. */
export function nextPage(next, { route, query, from }) {
  const more = new URLSearchParams({ ...Object.fromEntries(query), [from]: next });
  return next !== null && link("Next page", `#${route}?${more}`, "button");
}

function searchForm(query, { route, reload }) {
  const text = element("input", { id: "q", type: "search", value: query.get("q") ?? "", autocomplete: "off", maxLength: LONGEST });
  text.spellcheck = false;
  text.setAttribute("aria-describedby", "q-hint");
  const options = [["", "All"], ...Object.entries(STATUSES)].map(([value, name]) => element("option", { value }, name));
  const status = element("select", { id: "status" }, ...options);
  status.value = query.get("status") ?? "";
  const form = element(
    "form",
    { className: "search", role: "search" },
    element("div", { className: "field" }, element("label", { htmlFor: "q" }, "Search"), text),
    element("div", { className: "field" }, element("label", { htmlFor: "status" }, "Status"), status),
    element("button", {}, "Search"),
    element("p", { id: "q-hint", className: "hint" }, "A whole ticket number or code, or how the buyer begins."),
  );
  const asked = () => {
    const chosen = { status: status.value, q: text.value.trim() };
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const wanted = `#${route}?${new URLSearchParams(asked())}`;
    if (location.hash === wanted) {
      reload();
    } else {
      location.hash = wanted;
    }
  };
  return { form, asked };
}

/** A page, or the first one if the last ticket of the page before has left the list, as by erasure. */
async function pageOf(eventId, query) {
  const ask = (asked) => api.tickets(eventId, { limit: LIMIT, ...asked });
  const { before, ...asked } = Object.fromEntries(query);
  try {
    return { page: await ask(before ? { ...asked, before } : asked), anew: false };
  } catch (error) {
    if (!before || error.code !== "ticket_not_found") {
      throw error;
    }
    return { page: await ask(asked), anew: true };
  }
}

export async function ticketList({ eventId, query, reload }) {
  const route = `/events/${eventId}/tickets`;
  const [event, { page, anew }] = await Promise.all([api.event(eventId), pageOf(eventId, query)]);
  const { form, asked } = searchForm(query, { route, reload });
  const rows = page.tickets.map((each) => [
    whose(each),
    marks(each),
    inside(each),
    money(each.total.amount_minor, each.total.currency),
    when(each.created_at, event.time_zone),
  ]);
  const shown = `${count(page.tickets.length, "ticket")}${page.next === null ? "" : " on this page"}`;
  say(shown);
  const columns = ["Ticket and buyer", "Status", "People", "Total", "Ordered"];
  const begun = query.has("before") && link("First page", `#${route}?${new URLSearchParams(asked())}`, "button plain");
  return [
    element("h1", {}, "Tickets of ", named(event.name)),
    form,
    ...(anew ? [element("p", { className: "banner mark" }, "The list has changed meanwhile. It begins anew.")] : []),
    rows.length > 0 ? table(shown, columns, rows) : element("p", { className: "panel" }, "No ticket has this id."),
    element(
      "p",
      { className: "actions" },
      ...[begun, nextPage(page.next, { route, query, from: "before" })].filter(Boolean),
      csvButton("Save the list (CSV)", eventId, "tickets", asked),
    ),
  ];
}
