// @ts-check
// The list of events, and buying.

import { get } from "./api.js";
import * as payment from "./payment.js";
import { button, element, link, notice, places, price, ticketStub } from "./view.js";

const state = document.getElementById("state");
const list = document.getElementById("events");
const bought = document.getElementById("bought");
const unfinished = document.getElementById("unfinished");

// One purchase at a time: until it ends all buttons are off, so that nothing is bought twice.
let buying = false;

function setBuying(now) {
  buying = now;
  /** @type {NodeListOf<HTMLButtonElement>} */
  const controls = list.querySelectorAll("button, select");
  for (const control of controls) {
    control.disabled = now;
  }
}

async function allEvents() {
  const events = [];
  for (let path = "/api/events/"; path !== null; ) {
    // The address of a later page is that of the first one, with a query.
    const page = await get(/** @type {"/api/events/"} */ (path));
    events.push(...page.events);
    path = page.next;
  }
  // The API lists the newest event first; a programme begins with the oldest.
  return events.reverse();
}

async function show() {
  const events = await allEvents();
  list.replaceChildren(...events.map(card));
  notice(state, events.length ? "" : "Nothing is on sale yet.");
  setBuying(buying);
}

function availability(event) {
  const now = Date.parse(event.server_now);
  if (event.opens_at !== null && Date.parse(event.opens_at) > now) {
    return { open: false, text: `On sale from ${new Date(event.opens_at).toLocaleString()}` };
  }
  if (event.closes_at !== null && Date.parse(event.closes_at) <= now) {
    return { open: false, text: "The sale is over" };
  }
  if (event.places_left === 0) {
    return { open: false, text: "Sold out" };
  }
  const few = event.places_left <= 5;
  return { open: true, few, text: `${few ? "Only " : ""}${places(event.places_left)} left` };
}

function card(event) {
  const { open, few, text } = availability(event);
  const title = element("h2", { id: `event-${event.event_id}` }, event.name);
  const made = element(
    "li",
    { className: "card" },
    element("div", { className: "art" }),
    element(
      "div",
      { className: "text" },
      title,
      element(
        "p",
        { className: "facts" },
        element("strong", {}, price(event.price)),
        element("span", { className: few || !open ? "left few" : "left" }, text),
      ),
      ...(open ? [order(event)] : []),
    ),
  );
  made.dataset.eventId = event.event_id;
  made.setAttribute("aria-labelledby", title.id);
  return made;
}

function order(event) {
  const most = Math.min(event.max_per_order, event.max_per_buyer ?? Infinity, event.places_left);
  const options = Array.from({ length: most }, (_, n) => element("option", {}, String(n + 1)));
  const quantity = element("select", { id: `quantity-${event.event_id}` }, ...options);
  const problem = element("p", { className: "problem", hidden: true });
  problem.setAttribute("role", "alert");
  const waiting = element("p", { className: "waiting", hidden: true });
  waiting.setAttribute("role", "status");
  const label = event.price.amount_minor === 0 ? "Get tickets" : "Buy";
  const go = button(label, () => buy({ event, quantity, go, label, problem, waiting }));
  return element(
    "div",
    { className: "order" },
    element("label", { htmlFor: quantity.id }, "How many"),
    quantity,
    go,
    problem,
    waiting,
  );
}

async function buy({ event, quantity, go, label, problem, waiting }) {
  if (buying) {
    return;
  }
  problem.hidden = true;
  go.textContent = "Please wait …";
  setBuying(true);
  try {
    const onWait = (error, seconds) => {
      go.textContent = "In line …";
      waiting.textContent = `${error.message} This page asks again in ${inSeconds(seconds)}.`;
      waiting.hidden = false;
    };
    const answer = await payment.createInTurn(event.event_id, Number(quantity.value), onWait);
    if ("checkout_url" in answer) {
      payment.remember(answer);
      // The buttons stay off: the browser is leaving this page.
      location.assign(answer.checkout_url);
      return;
    }
    const ticket = { ...answer, event_id: event.event_id };
    payment.keepBought(ticket);
    showBought(ticket).focus();
    await show();
  } catch (error) {
    go.textContent = label;
    waiting.hidden = true;
    showProblem(problem, error);
  }
  setBuying(false);
}

function inSeconds(number) {
  return number === 1 ? "a second" : `${number} seconds`;
}

function showBought(answer) {
  const title = element("h2", { tabIndex: -1 }, answer.detail);
  bought.replaceChildren(title, ticketStub(answer));
  return title;
}

/** Shows what was bought in this tab before, if the ticket is still valid. */
async function showBoughtBefore() {
  const answer = payment.bought();
  if (answer === null) {
    return;
  }
  const { status } = await payment.ticket(answer.ticket_id);
  if (bought.hasChildNodes()) {
    // Something else was bought in the meantime.
    return;
  }
  if (status === "issued") {
    showBought(answer);
  } else {
    payment.forgetBought();
  }
}

function showProblem(place, error) {
  place.replaceChildren(error.message);
  // The buyer has reached their limit of places: link to their own payment, which is still open.
  if (error.problem?.checkout_url) {
    place.append(" ", link("Go on with your payment", error.problem.checkout_url, ""));
  }
  place.hidden = false;
}

/** Shows a payment that was begun but not ended, for example after the browser's back button. */
async function showUnfinished() {
  const begun = payment.begun();
  if (begun === null) {
    return;
  }
  const ticket = await payment.ticket(begun.ticket_id);
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit" };
  if (ticket.status === "paying") {
    unfinished.replaceChildren(
      element(
        "div",
        { className: "notice unfinished" },
        element(
          "p",
          {},
          `You have not paid yet for ${places(ticket.quantity)} (${price(ticket.total)}). `,
          `They are reserved for you until ${new Date(ticket.expires_at).toLocaleTimeString([], clock)}.`,
        ),
        element(
          "p",
          { className: "actions" },
          link("Go on with the payment", ticket.checkout_url),
          link("Cancel it", payment.cancelPage(ticket.ticket_id), "button quiet"),
        ),
      ),
    );
  } else {
    payment.forget(begun.ticket_id);
  }
}

// The back button may restore this page from the cache as it was, with all its buttons off.
addEventListener("pageshow", (event) => event.persisted && location.reload());

showUnfinished().catch((error) => {
  // The ticket does not exist, or belongs to another buyer. Any other error may be temporary.
  if (error.status === 403 || error.status === 404) {
    payment.forget(payment.begun().ticket_id);
  }
});
showBoughtBefore().catch((error) => {
  if (error.status === 403 || error.status === 404) {
    payment.forgetBought();
  }
});
show().catch((error) => {
  notice(state, error.message, "bad");
  state.append(" ", button("Try again", () => location.reload(), "button quiet"));
});
