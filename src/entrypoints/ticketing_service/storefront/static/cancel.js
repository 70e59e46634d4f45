// @ts-check
// The buyer has left the payment page: cancel the order, and show the result.

import { Refused } from "./api.js";
import * as payment from "./payment.js";
import { button, link, notice } from "./view.js";

const title = document.getElementById("title");
const state = document.getElementById("state");
const actions = document.getElementById("actions");

const ticketId = new URLSearchParams(location.search).get("ticket_id");

function heading(text) {
  title.textContent = text;
  document.title = `${text} · Ticket Booth`;
  title.focus();
}

async function giveUp() {
  actions.replaceChildren();
  notice(state, "Releasing your places …", "busy");
  try {
    const answer = await payment.cancel(ticketId);
    payment.forget(ticketId);
    heading(answer.detail);
    notice(state, "Nothing was charged, and your places are on sale again.", "good");
  } catch (error) {
    await failed(error);
  }
}

async function failed(error) {
  switch (error.code) {
    case "already_paid":
    case "already_processed":
      return showWhatItIs();
    case "payment_processing":
      heading("Not cancelled");
      notice(state, "Your bank is already working on the payment, so it cannot be cancelled.");
      return offerTicket("Check its progress");
    default:
      heading("Not cancelled");
      notice(state, error.message, "bad");
      if (error.retryable) {
        actions.replaceChildren(button("Try again", giveUp));
      } else if (error instanceof Refused) {
        payment.forget(ticketId);
      }
  }
}

/** It is too late to cancel: the ticket was paid, or cancelled before. */
async function showWhatItIs() {
  const ticket = await payment.ticketIfShown(ticketId);
  payment.forget(ticketId);
  if (ticket?.status === "issued") {
    heading("Your ticket is already paid");
    notice(state, "It was paid before it could be cancelled, so it is yours.", "good");
    return offerTicket("Show the QR code", ticket);
  }
  const refunded = ticket?.status === "refunding" || ticket?.status === "refunded";
  heading(refunded ? "Refunded" : "Payment cancelled");
  notice(
    state,
    refunded
      ? "Your payment was refunded."
      : "This order was already cancelled. No places are reserved for you, and nothing was charged.",
    "good",
  );
}

async function offerTicket(text, known = null) {
  const ticket = known ?? (await payment.ticketIfShown(ticketId));
  if (ticket?.session_id) {
    actions.replaceChildren(link(text, payment.successPage(ticket.session_id, ticketId)));
  }
}

if (ticketId) {
  giveUp();
} else {
  heading("Nothing to cancel");
  notice(state, "This address is incomplete: it has no ticket number.", "bad");
}
