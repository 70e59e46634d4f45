// @ts-check
// The bar with orders that were begun and not paid, on whichever device.

import * as payment from "./payment.js";
import { clock, money, t } from "./texts.js";
import { element, link, nameOf } from "./view.js";

const SHOWN = 1;

/** Shows the newest ones. An error is none of the page's own: My tickets would say it. */
export async function showUnpaid() {
  const page = await payment.tickets().catch(() => ({ tickets: [] }));
  const waiting = page.tickets.filter(({ status, checkout_url }) => status === "paying" && checkout_url);
  const states = await Promise.all(waiting.map(payment.stateOf));
  const unpaid = waiting.filter((_, index) => states[index] === "paying");
  const shown = await Promise.all(unpaid.slice(0, SHOWN).map(barOf));
  const more = unpaid.length - SHOWN;
  if (more > 0) {
    shown.push(element("p", {}, link(t("unpaidMore", { n: more }), "/tickets", "")));
  }
  document.getElementById("unpaid").replaceChildren(...shown);
}

async function barOf(ticket) {
  const event = await payment.eventIfShown(ticket.event_id);
  const text = t("unpaid", {
    places: t("places", { n: ticket.quantity }),
    event: nameOf(event, ticket.event_id),
    total: ticket.total && money(ticket.total),
    until: ticket.expires_at && clock(ticket.expires_at),
  });
  return element(
    "div",
    { className: "notice unfinished" },
    element("p", { dir: "auto" }, text),
    element(
      "p",
      { className: "actions" },
      link(t("pay"), ticket.checkout_url),
      link(t("cancel"), payment.cancelPage(ticket.ticket_id), "button quiet"),
    ),
  );
}
