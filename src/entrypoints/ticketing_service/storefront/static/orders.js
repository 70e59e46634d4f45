// @ts-check
// "My tickets": every order of the buyer by the name of its event, with its state and its next step.

import * as payment from "./payment.js";
import { price, t } from "./texts.js";
import { steps } from "./ticket.js";
import {
  button, element, facts, heading, link, named, nameOf, notice, show, showFailure, stateOfOrder, venueOf, whenOf,
} from "./view.js";

/** Each event is asked for once. */
const events = new Map();

function eventOf(id) {
  if (!events.has(id)) {
    const asked = payment.event(id).catch(() => {
      events.delete(id);
      return null;
    });
    events.set(id, asked);
  }
  return events.get(id);
}

export async function showOrders() {
  const list = element("ul", { className: "orders" });
  list.ariaLabel = t("myTickets");
  try {
    const page = await payment.tickets();
    payment.ordersSeen();
    const rows = await Promise.all(page.tickets.map(row));
    list.append(...rows);
    const hint = element("p", { className: "soft" }, t("yourTickets"));
    const none = notice([t("noTickets"), " ", link(t("allEvents"), "/", "")]);
    show(heading(t("myTickets")), ...(rows.length ? [hint, list] : [none]));
    offerMore(list, page.next);
  } catch (error) {
    showFailure(t("myTickets"), error, showOrders);
  }
}

function offerMore(list, next) {
  if (!next) {
    return;
  }
  const go = button(t("more"), async () => {
    go.disabled = true;
    try {
      const page = await payment.tickets(next);
      const rows = await Promise.all(page.tickets.map(row));
      list.append(...rows);
      go.remove();
      rows[0]?.querySelector("a").focus();
      offerMore(list, page.next);
    } catch (error) {
      showFailure(t("myTickets"), error, showOrders);
    }
  }, "button quiet");
  list.after(go);
}

async function row(ticket) {
  const [event, state] = await Promise.all([eventOf(ticket.event_id), payment.stateOf(ticket)]);
  const { chip, sentence } = stateOfOrder(state, ticket);
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
