// @ts-check
// The buyer has left the payment page: cancel the order, and show the result. Links of the shop lead
// here, too, with a question first.

import * as payment from "./payment.js";
import { t } from "./texts.js";
import { button, element, explained, heading, link, nameOf, notice, show, stateOfOrder } from "./view.js";

const parameters = new URLSearchParams(location.search);
const ticketId = parameters.get("ticket_id");

function said(title, what, kind, ...actions) {
  const ways = [...actions, link(t("myTickets"), "/tickets", "button quiet"), link(t("allEvents"), "/", "button quiet")];
  show(heading(title), notice(what, kind), element("p", { className: "actions" }, ...ways));
}

export async function showCancelling() {
  if (!ticketId) {
    said(t("notCancelled"), t("addressIncomplete"), "bad");
    return;
  }
  await (parameters.has(payment.ASK) ? ask() : cancel());
}

async function ask() {
  const ticket = await payment.ticketIfShown(ticketId);
  const event = ticket && (await payment.eventIfShown(ticket.event_id));
  const order = ticket && `${t("places", { n: ticket.quantity })} · ${nameOf(event, ticket.event_id)}`;
  show(
    heading(t("cancelAsk")),
    notice([element("p", { dir: "auto" }, order ?? t("ticket", { id: ticketId })), element("p", {}, t("cancelAskText"))]),
    element("p", { className: "actions" }, button(t("cancel"), cancel), link(t("keepOrder"), "/tickets", "button quiet")),
  );
}

async function cancel() {
  show(heading(t("cancelling")), notice(t("releasing"), "busy"));
  try {
    await payment.cancel(ticketId);
    said(t("cancelled"), t("cancelledText"), "good");
  } catch (error) {
    await failed(error);
  }
}

async function failed(error) {
  if (error.code === "already_paid" || error.code === "already_processed") {
    // It is too late to cancel: the ticket was paid, or cancelled before.
    const ticket = await payment.ticketIfShown(ticketId);
    if (ticket !== null) {
      showWhatItIs(ticket);
      return;
    }
  }
  const seeOrder = error.code === "payment_processing" ? [link(t("seeOrder"), payment.ticketPage(ticketId))] : [];
  const again = error.retryable && error.code !== "payment_processing" ? [button(t("tryAgain"), cancel)] : [];
  said(t("notCancelled"), explained(error), "bad", ...seeOrder, ...again);
}

function showWhatItIs(ticket) {
  if (ticket.status === "issued") {
    said(t("paidAlready"), t("paidAlreadyText"), "good", link(t("showQr"), payment.ticketPage(ticketId)));
    return;
  }
  const { chip, sentence } = stateOfOrder(ticket.status, ticket);
  const cancelled = ticket.status === "cancelled" || ticket.status === "expired";
  said(cancelled ? t("cancelled") : chip.textContent, sentence, cancelled ? "good" : "");
}
