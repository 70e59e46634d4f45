// @ts-check
// Building blocks of the pages. All texts are set as text: a name from the server is never HTML.

import { Unreachable, tell } from "./api.js";
import { generalTexts, money, problemTexts, stateTexts, clock, t, unknownState, when } from "./texts.js";

export const main = document.getElementById("main");

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function link(text, href, className = "button") {
  return element("a", { href, className }, text);
}

export function button(text, onclick, className = "button") {
  return element("button", { type: "button", className, onclick }, text);
}

/** A text that others have chosen, in any script: its direction is its own. */
export function named(text, tag = "bdi", properties = {}) {
  return element(tag, { dir: "auto", ...properties }, text);
}

export const nameOf = (event, id) => event?.name?.trim() || t("unnamed", { id: String(id) });

/** @param {"" | "busy" | "good" | "bad"} kind */
export function notice(children, kind = "") {
  const made = element("div", { className: `notice ${kind}` }, ...[children].flat());
  made.setAttribute("role", kind === "bad" ? "alert" : "status");
  return made;
}

/** Names and their values; those without a value are left out. */
export function facts(pairs) {
  const parts = pairs
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
  return element("dl", { className: "facts" }, ...parts);
}

/** When and where: the same on the list, on the ticket and on its picture. */
export function whenOf(event) {
  return event?.starts_at ? when(event.starts_at, event.time_zone ?? "UTC") : t("dateOpen");
}

export const venueOf = (event) => event?.venue ?? t("venueOpen");

/** Titles the page, and lets a screen reader say so. */
export function heading(text) {
  const made = element("h1", { tabIndex: -1, dir: "auto" });
  retitle(made, text);
  return made;
}

/** A name may change while its page is open. */
export function retitle(title, text) {
  if (title.textContent !== text) {
    title.textContent = text;
    document.title = `${text} · Ticket Booth`;
  }
}

/** Shows a view. If it follows another one on the same page, screen readers begin at its title. */
export function show(title, ...children) {
  const follows = main.querySelector("h1") !== null;
  main.replaceChildren(title, ...children);
  if (follows) {
    title.focus();
  }
}

/** Shows a view again that has changed by itself. The focus stays, unless what had it is gone. */
export function renew(title, ...children) {
  const last = document.activeElement;
  const within = main.contains(last) && last !== main;
  main.replaceChildren(title, ...children);
  if (within) {
    const same = (each) => each.href === last["href"] && each.textContent === last.textContent;
    ([...main.querySelectorAll("a, button")].find(same) ?? title).focus({ preventScroll: true });
  }
}

/** An error as what is, what to do next, and the way there. */
export function explained(error) {
  const [what, next, ...more] = wordsOf(error);
  const made = element("p", {}, element("strong", {}, what), " ", next, ...more);
  // The buyer has reached their limit of places: link to their own payment, which is still open.
  if (error.problem?.checkout_url) {
    made.append(" ", link(t("goOn"), error.problem.checkout_url, ""));
  }
  return made;
}

function wordsOf(error) {
  if (error instanceof Unreachable) {
    return generalTexts("unreachable");
  }
  if (error.problem === undefined) {
    console.error(error);
    return generalTexts("failed");
  }
  const known = problemTexts(error.problem);
  if (known !== null) {
    return known;
  }
  tell("otherVersion");
  return [...generalTexts("unknownProblem", { code: error.code }), " ", element("span", { lang: "en" }, error.message)];
}

/** The title and the error of a view that cannot be shown, and a way to try again. */
export function showFailure(title, error, again) {
  const actions = element("p", { className: "actions" });
  if (error.retryable) {
    actions.append(button(t("tryAgain"), again));
  }
  actions.append(link(t("events"), "/", "button quiet"), link(t("myTickets"), "/tickets", "button quiet"));
  show(heading(title), notice(explained(error), "bad"), actions);
}

/** What is said of these is true of a cancelled event as well; of all others the next step is not. */
const ABOUT_MONEY = new Set(["processing", "refunding", "refunded"]);
const KINDS = { issued: "good", processing: "wait", reserved: "wait", paying: "wait" };

/** The state of an order: its name as a chip, and a sentence with what to do next. */
export function stateOfOrder(state, ticket, event = null) {
  const until = ticket.expires_at === null ? null : clock(ticket.expires_at);
  let words = stateTexts(state, { until, isFree: ticket.total?.amount_minor === 0 });
  if (words === null) {
    tell("otherVersion");
    words = unknownState(state, ticket.ticket_id);
  }
  const chip = element("span", { className: `chip ${KINDS[state] ?? ""}` }, words[0]);
  const said = [
    event?.cancelled_at && t("eventCancelled"),
    (!event?.cancelled_at || ABOUT_MONEY.has(state)) && words[1],
    ticket.admitted > 0 && t("admitted", { n: ticket.admitted }),
    state === "issued" && ticket.refunded?.amount_minor > 0 && t("givenBack", { amount: money(ticket.refunded) }),
    state === "issued" && ticket.charged_back?.amount_minor > 0 && t("chargedBack", { amount: money(ticket.charged_back) }),
    ticket.disputed && t("disputed"),
  ].filter(Boolean);
  return { chip, sentence: element("p", {}, said.join(" ")) };
}
