// @ts-check
// The buyer has left the payment page: cancel the order, and show the result.

import * as payment from "./payment.js";
import { t } from "./texts.js";
import { button, element, explained, heading, link, notice, show, stateOfOrder } from "./view.js";

const ticketId = new URLSearchParams(location.search).get("ticket_id");

function said(title, what, kind, ...actions) {
  const ways = [...actions, link(t("myTickets"), "/tickets", "button quiet"), link(t("allEvents"), "/", "button quiet")];
  show(heading(title), notice(what, kind), element("p", { className: "actions" }, ...ways));
}

export async function showCancelling() {
  if (!ticketId) {
    said(t("notCancelled"), t("addressIncomplete"), "bad");
    return;
  }
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
  const again = error.retryable && error.code !== "payment_processing" ? [button(t("tryAgain"), showCancelling)] : [];
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
