// @ts-check
// The buyer is back from the payment page: check the payment, and show the ticket.

import * as payment from "./payment.js";
import { button, link, notice, ticketStub } from "./view.js";

// Seconds between two checks. A card payment takes effect at once, a bank debit takes days: after a
// minute and a half the page shows that the buyer may leave.
const PAUSES = [1, 2, 3, 5, 8, 10, 15, 15, 15, 15];

const title = document.getElementById("title");
const state = document.getElementById("state");
const place = document.getElementById("ticket");
const actions = document.getElementById("actions");

const parameters = new URLSearchParams(location.search);
const sessionId = parameters.get("session_id");
const ticketId = parameters.get("ticket_id");

const WAITING = {
  payment_open: "The payment has not arrived yet. We keep checking …",
  payment_processing: "Your bank is still working on the payment. We keep checking …",
  too_many_requests: "You ask very often. Is this page open in other tabs? We keep checking …",
};

const LATER = {
  payment_open: "The payment has not arrived. If you have paid, try again in a moment.",
  payment_processing:
    "Your bank may take days. Your places are reserved; come back to this page.",
};

function heading(text) {
  title.textContent = text;
  document.title = `${text} · Ticket Booth`;
  title.focus();
}

async function check(attempt = 0) {
  actions.replaceChildren();
  try {
    const answer = await payment.verify(sessionId, ticketId);
    const { event_id } = await payment.ticket(ticketId);
    payment.forget(ticketId);
    notice(state, "");
    heading(answer.detail);
    place.replaceChildren(ticketStub({ ...answer, event_id }));
  } catch (error) {
    await failed(error, attempt);
  }
}

async function failed(error, attempt) {
  if (!error.retryable) {
    payment.forget(ticketId);
    heading("There is no ticket to show");
    notice(state, error.message, "bad");
    return;
  }
  if (attempt < PAUSES.length) {
    notice(state, WAITING[error.code] ?? `${error.message} We keep trying …`, "busy");
    setTimeout(check, (error.retryAfter ?? PAUSES[attempt]) * 1000, attempt + 1);
    return;
  }
  heading("Not paid yet");
  notice(state, LATER[error.code] ?? error.message);
  actions.replaceChildren(button("Check again", () => check()));
  if (error.code === "payment_open") {
    const ticket = await payment.ticketIfShown(ticketId);
    if (ticket?.checkout_url) {
      actions.append(link("Go to the payment", ticket.checkout_url, "button quiet"));
    }
  }
}

if (sessionId && ticketId) {
  check();
} else {
  heading("There is no ticket to show");
  notice(state, "This address is incomplete: it has no payment.", "bad");
}
