// @ts-check
// The buyer is back from the payment page: check the payment, and show the ticket.

import * as payment from "./payment.js";
import { t } from "./texts.js";
import { showTicket } from "./ticket.js";
import { button, element, explained, heading, link, notice, show, showFailure } from "./view.js";

// Seconds between two checks. A card payment takes effect at once, a bank debit takes days: after a
// minute and a half the page shows that the buyer may leave.
const PAUSES = [1, 2, 3, 5, 8, 10, 15, 15, 15, 15];

const parameters = new URLSearchParams(location.search);
const sessionId = parameters.get("session_id");
const ticketId = parameters.get("ticket_id");

const toMyTickets = () => link(t("myTickets"), "/tickets", "button quiet");

export async function showPayment() {
  if (!sessionId || !ticketId) {
    show(heading(t("noTicketHere")), notice(t("addressIncomplete"), "bad"), element("p", {}, toMyTickets()));
    return;
  }
  const said = notice(t("moment"), "busy");
  show(heading(t("checking")), said, element("p", {}, toMyTickets()));
  await check(said);
}

/** What is said meanwhile is changed in place: the buyer may be on the way to My tickets. */
async function check(said, attempt = 0) {
  try {
    const answer = await payment.verify(sessionId, ticketId);
    await showTicket(ticketId, { answer, title: t("paid") });
  } catch (error) {
    await failed(error, said, attempt);
  }
}

function waitingFor(error) {
  const names = { payment_processing: "processing", too_many_requests: "often" };
  const name = names[error.code];
  // What to do next is done by the page: it checks again.
  return element("p", {}, name ? t(name) : explained(error).firstChild, " ", t("keepChecking"));
}

async function failed(error, said, attempt) {
  if (error.final) {
    showFailure(t("noTicketHere"), error, showPayment);
    return;
  }
  if ((error.retryable || error.status >= 500) && attempt < PAUSES.length) {
    said.replaceChildren(waitingFor(error));
    setTimeout(check, (error.retryAfter ?? PAUSES[attempt]) * 1000, said, attempt + 1);
    return;
  }
  const later = { payment_open: "openLater", payment_processing: "processingLater" }[error.code];
  const actions = element("p", { className: "actions" }, button(t("checkAgain"), showPayment), toMyTickets());
  const what = later ? t(later) : [explained(error), element("p", {}, t("ifPaid"))];
  show(heading(t(later ? "notPaid" : "cannotCheck")), notice(what), actions);
  if (error.code === "payment_open") {
    const ticket = await payment.ticketIfShown(ticketId);
    if (ticket?.checkout_url) {
      actions.append(link(t("pay"), ticket.checkout_url, "button quiet"));
    }
  }
}
