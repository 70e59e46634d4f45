// @ts-check
// The form that buys.

import * as payment from "./payment.js";
import { t } from "./texts.js";
import { showTicket } from "./ticket.js";
import { showUnpaid } from "./unpaid.js";
import { button, element, explained, link } from "./view.js";

/** If the API does not say how many places an order may have. */
const ONE = 1;
/** A longer list is no help: then the number is typed. */
const LONGEST_LIST = 100;
/** A browser that is on its way to another page leaves this one in less. */
const LEAVING_MS = 10_000;

// One purchase at a time: until it ends all buttons are off, so that nothing is bought twice.
let buying = false;

function setBuying(now) {
  buying = now;
  /** @type {NodeListOf<HTMLButtonElement>} */
  const controls = document.querySelectorAll(".order button, .order select, .order input");
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
    form.most = most;
    offer(form);
  }
  form.label = event.price?.amount_minor === 0 ? t("getTickets") : t("buy");
  if (!form.busy) {
    form.go.textContent = form.label;
  }
  form.go.disabled = form.quantity.disabled = buying;
  return form;
}

/** Offers as many places as there are. What the buyer has chosen is kept, and said if it is too much. */
function offer(form) {
  const { most, wish } = form;
  // Nothing can be bought, whatever the API means by such a number.
  form.node.hidden = !(most >= 1);
  const typed = most > LONGEST_LIST;
  if (typed !== (form.quantity.type === "number")) {
    const other = element(typed ? "input" : "select", { id: form.quantity.id, onchange: form.quantity.onchange });
    other.setAttribute("aria-labelledby", form.quantity.getAttribute("aria-labelledby"));
    form.quantity.replaceWith(other);
    form.quantity = other;
  }
  if (typed) {
    Object.assign(form.quantity, { type: "number", min: 1, max: most, required: true });
  } else {
    const length = form.node.hidden ? 0 : most;
    form.quantity.replaceChildren(...Array.from({ length }, (_, n) => element("option", {}, String(n + 1))));
  }
  form.quantity.value = String(Math.min(wish, most));
  form.fewer.hidden = !(wish > most);
  form.fewer.textContent = form.fewer.hidden ? "" : t("fewerNow", { n: most, wish });
}

function newForm({ event_id }) {
  const onchange = () => {
    form.wish = Number(form.quantity.value) || 1;
    form.fewer.hidden = true;
  };
  const quantity = element("select", { id: `quantity-${event_id}`, onchange });
  const fewer = element("p", { className: "waiting", hidden: true });
  fewer.setAttribute("role", "status");
  const problem = element("div", { className: "problem", hidden: true });
  problem.setAttribute("role", "alert");
  const waiting = element("p", { className: "waiting", hidden: true });
  waiting.setAttribute("role", "status");
  const go = button("", () => buy(form));
  go.id = `buy-${event_id}`;
  const label = element("label", { htmlFor: quantity.id, id: `how-many-${event_id}` }, t("howMany"));
  // On a list each is that of an event.
  go.setAttribute("aria-labelledby", `${go.id} event-${event_id}`);
  quantity.setAttribute("aria-labelledby", `${label.id} event-${event_id}`);
  const node = element("div", { className: "order" }, label, quantity, go, fewer, problem, waiting);
  const form = {
    event_id, node, quantity, go, fewer, problem, waiting, most: null, wish: 1, label: "", busy: false,
  };
  return form;
}

async function buy(form) {
  if (buying || !form.quantity.reportValidity()) {
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
    await follow(answer, problem);
  } catch (error) {
    problem.replaceChildren(explained(error));
    if (payment.isUnsure()) {
      const look = element("p", {}, t("lookFirst"), " ", link(t("myTickets"), "/tickets", ""));
      problem.append(element("p", {}, t("neverTwice")), look);
      await showUnpaid();
    }
    problem.hidden = false;
    // What is shown is older than the refusal.
    dispatchEvent(new Event("refused"));
  }
  form.busy = false;
  waiting.hidden = true;
  go.textContent = form.label;
  setBuying(false);
  if (document.activeElement === document.body) {
    // The browser took it from the button when that was off.
    go.focus();
  }
}

/**
 * Leads to the payment or to the ticket.
 * @param {any} answer
 */
async function follow(answer, problem) {
  const { earlier } = answer;
  const way = answer.checkout_url ?? payment.ticketPage(answer.ticket_id);
  if (earlier) {
    const made = t("earlierMade", { places: t("places", { n: earlier.quantity }) });
    problem.replaceChildren(element("p", {}, made, " ", link(t(answer.checkout_url ? "goOn" : "seeOrder"), way, "")));
    problem.hidden = false;
  } else if (answer.checkout_url) {
    location.assign(way);
    await new Promise((resolve) => setTimeout(resolve, LEAVING_MS));
    // The buyer has stopped the browser, or the payment page does not come.
    problem.replaceChildren(link(t("goOn"), way, ""));
    problem.hidden = false;
  } else {
    history.pushState(null, "", way);
    await showTicket(answer.ticket_id, { answer, title: t("boughtFree") });
  }
}
