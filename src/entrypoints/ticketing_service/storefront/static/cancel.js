// The buyer has left the payment page: give his places back, and say what became of them.

import { Refused } from "./api.js";
import * as payment from "./payment.js";
import { button, link, tell } from "./view.js";

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
  tell(state, "Giving your places back …", "busy");
  try {
    const answer = await payment.cancel(ticketId);
    payment.forget(ticketId);
    heading(answer.detail);
    tell(state, "Nothing was charged, and your places are free for others again.", "good");
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
      tell(state, "Your bank is already working on the payment, so it cannot be cancelled.");
      return offerTicket("See how far it is");
    default:
      heading("Not cancelled");
      tell(state, error.message, "bad");
      if (error.retryable) {
        actions.replaceChildren(button("Try again", giveUp));
      } else if (error instanceof Refused) {
        payment.forget(ticketId);
      }
  }
}

/** It was too late to cancel: the ticket was paid, or given up before. */
async function showWhatItIs() {
  const ticket = await payment.ticket(ticketId).catch(() => null);
  payment.forget(ticketId);
  if (ticket?.status === "issued") {
    heading("Your ticket is already paid");
    tell(state, "It was paid before it could be cancelled, so it is yours.", "good");
    return offerTicket("Show the QR code", ticket);
  }
  const given = ticket?.status === "refunding" || ticket?.status === "refunded";
  heading(given ? "Refunded" : "Payment cancelled");
  tell(
    state,
    given
      ? "The payment was given back."
      : "This order was given up before. Nothing is kept for you, and nothing was charged.",
    "good",
  );
}

async function offerTicket(text, known = null) {
  const ticket = known ?? (await payment.ticket(ticketId).catch(() => null));
  if (ticket?.session_id) {
    actions.replaceChildren(link(text, payment.successPage(ticket.session_id, ticketId)));
  }
}

if (ticketId) {
  giveUp();
} else {
  heading("Nothing to cancel");
  tell(state, "This address is incomplete: it names no ticket.", "bad");
}
