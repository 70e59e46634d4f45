// @ts-check
// The events, the newest first.

import { button, element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { alertOf, busy, chip, link, named, say } from "./dom.js";
import { money } from "./money.js";
import { count, saleOf, when } from "./words.js";

/** @param {import("ticketing-api").Event} event */
function card(event) {
  const { event_id, name, price, places_left, capacity, starts_at, time_zone, venue } = event;
  const title = element("a", { href: `#/events/${event_id}` }, named(name));
  const where = [starts_at === null ? "" : when(starts_at, time_zone), venue ?? ""].filter(Boolean);
  return element(
    "li",
    { className: "panel event" },
    element("h2", {}, title),
    ...where.map((text) => element("p", { className: "hint", dir: "auto" }, text)),
    element(
      "p",
      { className: "state" },
      chip(saleOf(event)),
      ` ${count(places_left, "place")} of ${capacity.toLocaleString("en")} left · ${money(price.amount_minor, price.currency)}`,
    ),
  );
}

export async function eventList() {
  const list = element("ul", { className: "events" });
  const problem = element("div", {});
  const more = button("More events", () => busy(more, () => add(more.dataset.next)), "plain");
  async function add(path) {
    try {
      const page = await api.eventsAt(path);
      const cards = page.events.map(card);
      list.append(...cards);
      // To what is new, also since a button that goes away leaves no focus behind.
      cards[0]?.querySelector("a").focus();
      more.hidden = page.next === null;
      more.dataset.next = page.next ?? "";
      say(count(list.children.length, "event"));
      problem.replaceChildren();
    } catch (error) {
      problem.replaceChildren(alertOf(error.message));
    }
  }
  const first = await api.events();
  list.append(...first.events.map(card));
  more.hidden = first.next === null;
  more.dataset.next = first.next ?? "";
  return [
    element("h1", {}, "Events"),
    element("p", { className: "actions" }, link("New event", "#/new", "button")),
    first.events.length > 0 ? list : element("p", { className: "panel" }, "There is no event yet."),
    more,
    problem,
  ];
}
