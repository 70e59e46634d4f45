// @ts-check
// The form that buys.

import * as payment from "./payment.js";
import { t } from "./texts.js";
import { showTicket } from "./ticket.js";
import { button, element, explained } from "./view.js";

/** If the API does not say how many places an order may have. */
const ONE = 1;

// One purchase at a time: until it ends all buttons are off, so that nothing is bought twice.
let buying = false;

function setBuying(now) {
  buying = now;
  /** @type {NodeListOf<HTMLButtonElement>} */
  const controls = document.querySelectorAll(".order button, .order select");
  for (const control of controls) {
    control.disabled = now;
  }
}

function mostOf(event) {
  return Math.min(event.max_per_order ?? ONE, event.max_per_buyer ?? Infinity, event.places_left ?? Infinity);
}

/** The form of an event; `last` is the one shown before, which is changed in place. */
export function orderForm(event, last = null) {
  const form = last ?? newForm(event);
  const most = mostOf(event);
  if (form.most !== most) {
    const chosen = Math.min(Number(form.quantity.value) || 1, most);
    form.quantity.replaceChildren(...Array.from({ length: most }, (_, n) => element("option", {}, String(n + 1))));
    form.quantity.value = String(chosen);
    form.most = most;
  }
  form.label = event.price?.amount_minor === 0 ? t("getTickets") : t("buy");
  if (!form.busy) {
    form.go.textContent = form.label;
  }
  form.go.disabled = form.quantity.disabled = buying;
  return form;
}

function newForm({ event_id }) {
  const quantity = element("select", { id: `quantity-${event_id}` });
  const problem = element("div", { className: "problem", hidden: true });
  problem.setAttribute("role", "alert");
  const waiting = element("p", { className: "waiting", hidden: true });
  waiting.setAttribute("role", "status");
  const go = button("", () => buy(form));
  const label = element("label", { htmlFor: quantity.id }, t("howMany"));
  const node = element("div", { className: "order" }, label, quantity, go, problem, waiting);
  const form = { event_id, node, quantity, go, problem, waiting, most: 0, label: "", busy: false };
  return form;
}

async function buy(form) {
  if (buying) {
    return;
  }
  const { go, problem, waiting } = form;
  form.busy = true;
  problem.hidden = true;
  go.textContent = t("wait");
  setBuying(true);
  try {
    const onWait = (seconds) => {
      go.textContent = t("inLine");
      waiting.textContent = `${t("keepPlace")} ${t("asksAgain", { n: seconds })}`;
      waiting.hidden = false;
    };
    const answer = await payment.createInTurn(form.event_id, Number(form.quantity.value), onWait);
    if ("checkout_url" in answer) {
      // The buttons stay off: the browser is leaving this page.
      location.assign(answer.checkout_url);
      return;
    }
    history.pushState(null, "", payment.ticketPage(answer.ticket_id));
    await showTicket(answer.ticket_id, { answer, title: t("boughtFree") });
  } catch (error) {
    problem.replaceChildren(explained(error));
    problem.hidden = false;
    // What is shown is older than the refusal.
    dispatchEvent(new Event("refused"));
  }
  form.busy = false;
  waiting.hidden = true;
  go.textContent = form.label;
  setBuying(false);
}
