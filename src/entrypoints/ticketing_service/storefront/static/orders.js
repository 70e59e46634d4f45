// @ts-check
// "My tickets": every order of the buyer by the name of its event, with its state and its next step.

import { follow, seen } from "./follow.js";
import * as payment from "./payment.js";
import { price, t } from "./texts.js";
import { steps } from "./ticket.js";
import {
  button, element, facts, heading, link, named, nameOf, notice, renew, show, showFailure, stateOfOrder, venueOf, whenOf,
} from "./view.js";

export async function showOrders() {
  await ask(1).then((found) => put(found, show), failed);
}

const failed = (error) => showFailure(t("myTickets"), error, showOrders);

/** So many pages of orders, and the address of the next page or null. */
async function ask(pages) {
  const tickets = [];
  let next;
  for (let page = 0; page < pages && next !== null; page += 1) {
    const found = await payment.tickets(next);
    tickets.push(...found.tickets);
    ({ next } = found);
  }
  payment.ordersSeen();
  return { pages, next, orders: await Promise.all(tickets.map(seen)) };
}

function put(found, showing) {
  const { pages, next, orders } = found;
  const list = element("ul", { className: "orders" }, ...orders.map(row));
  list.ariaLabel = t("myTickets");
  const hint = element("p", { className: "soft" }, t("yourTickets"));
  const none = notice([t("noTickets"), " ", link(t("allEvents"), "/", "")]);
  const more = button(t("more"), async () => {
    more.disabled = true;
    await ask(pages + 1).then((longer) => {
      put(longer, renew);
      /** @type {HTMLElement} */ (document.querySelectorAll(".orders h2 a")[orders.length])?.focus();
    }, failed);
  }, "button quiet");
  showing(heading(t("myTickets")), ...(orders.length ? [hint, list] : [none]), ...(next ? [more] : []));
  follow({ found, ask: () => ask(pages), show: (newer) => put(newer, renew) });
}

function row({ ticket, event, state }) {
  const { chip, sentence } = stateOfOrder(state, ticket, event);
  const href = payment.ticketPage(ticket.ticket_id);
  const name = element("h2", {}, element("a", { href }, named(nameOf(event, ticket.event_id))));
  const made = element(
    "li",
    { className: `order-row ${state}` },
    element("div", { className: "row-head" }, name, chip),
    facts([
      [t("when"), whenOf(event)],
      [t("where"), named(venueOf(event))],
      [t("people"), ticket.quantity === null ? null : t("places", { n: ticket.quantity })],
      [t("total"), ticket.total && price(ticket.total)],
      [t("number"), String(ticket.ticket_id)],
    ]),
    sentence,
    steps(state, ticket),
  );
  made.dataset.ticketId = String(ticket.ticket_id);
  return made;
}
