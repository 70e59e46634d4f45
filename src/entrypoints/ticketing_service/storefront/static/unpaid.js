// @ts-check
// The bar with orders that were begun and not paid, on whichever device.

import * as payment from "./payment.js";
import { now, setClock } from "./sale.js";
import { clock, isolated, money, t } from "./texts.js";
import { element, link, nameOf } from "./view.js";

const SHOWN = 1;

let ending = null;

const isOpen = ({ status, checkout_url, expires_at }) =>
  status === "paying" && checkout_url && !(Date.parse(expires_at) <= now());

/** Shows the newest ones. An error is none of the page's own: My tickets would say it. */
export async function showUnpaid() {
  const page = await payment.tickets().catch(() => null);
  if (page === null) {
    return;
  }
  setClock(page.tickets[0]?.server_now);
  const waiting = page.tickets.filter(isOpen);
  const states = await Promise.all(waiting.map(payment.stateOf));
  const unpaid = waiting.filter((_, index) => states[index] === "paying");
  const shown = await Promise.all(unpaid.slice(0, SHOWN).map(barOf));
  const more = unpaid.length - SHOWN;
  if (more > 0) {
    shown.at(-1).append(element("p", {}, link(t("unpaidMore", { n: more }), "/tickets", "")));
  }
  document.getElementById("unpaid").replaceChildren(...shown);
  // The bar must not offer a payment for longer than there is one.
  clearTimeout(ending);
  const ends = Math.min(...unpaid.map(({ expires_at }) => Date.parse(expires_at)).filter(Boolean));
  if (Number.isFinite(ends)) {
    ending = setTimeout(showUnpaid, Math.max(0, ends - now()));
  }
}

async function barOf(ticket) {
  const event = await payment.eventIfShown(ticket.event_id);
  const text = t("unpaid", {
    places: t("places", { n: ticket.quantity }),
    event: isolated(nameOf(event, ticket.event_id)),
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
