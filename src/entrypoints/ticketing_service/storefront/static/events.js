// @ts-check
// The list of events, and the page of one event. Both refresh, and count down.

import { keepAsking } from "../board/scripts/refresh.js";
import { orderForm } from "./order.js";
import * as payment from "./payment.js";
import { canBuy, now, programme, saleOf, setClock } from "./sale.js";
import { clock, price, span, t, when } from "./texts.js";
import { showUnpaid } from "./unpaid.js";
import {
  button, element, explained, facts, heading, link, named, nameOf, notice, retitle, show, showFailure, venueOf, whenOf,
} from "./view.js";

/** Times between two looks at what is on sale. */
const PAUSE_MS = 10_000;
/** A countdown is shown in the last day. */
const SOON_MS = 24 * 3600 * 1000;

const stale = element("div", { className: "stale" });
document.getElementById("bar").prepend(stale);

export function showAll() {
  const list = element("ul", { className: "events" });
  list.ariaLabel = t("events");
  const lead = element("p", { className: "lead" }, t("how"));
  const none = notice(t("noEvents"));
  return live({
    ask: async () => {
      const events = await payment.events();
      none.hidden = events.length > 0;
      return events;
    },
    begin: () => show(heading(t("whatIsOn")), lead, none, list),
    place: list,
    title: t("whatIsOn"),
    card: (event) => new Card(event, "li", "h2"),
  });
}

export function showOne(eventId) {
  const place = element("div", {});
  const title = heading(t("unnamed", { id: eventId }));
  return live({
    ask: async () => {
      const event = await payment.event(eventId);
      retitle(title, nameOf(event, eventId));
      return [event];
    },
    begin: ([event]) => show(title, place, link(t("allEvents"), "/", "")),
    place,
    title: t("unnamed", { id: eventId }),
    card: (event) => new Card(event, "article", null),
  });
}

/** Shows events, and keeps them as new as they can be. */
async function live({ ask, begin, place, title, card }) {
  /** @type {Map<number, Card>} */
  let cards = new Map();
  let asking = false;

  function update(found) {
    setClock(found[0]?.server_now);
    const events = programme(found);
    if (events.map((each) => each.event_id).join() !== [...cards.keys()].join()) {
      cards = new Map(events.map((each) => [each.event_id, cards.get(each.event_id) ?? card(each)]));
      place.replaceChildren(...[...cards.values()].map((each) => each.node));
    }
    for (const event of events) {
      cards.get(event.event_id).update(event);
    }
  }
  async function refresh() {
    if (!asking) {
      asking = true;
      await ask().then(update, () => {});
      asking = false;
    }
  }

  try {
    const events = await ask();
    update(events);
    begin(events);
  } catch (error) {
    showFailure(title, error, () => location.reload());
    return;
  }
  const left = new AbortController();
  const { signal } = left;
  addEventListener("refused", refresh, { signal });
  const ticks = setInterval(() => {
    if (!place.isConnected) {
      // A ticket is shown instead.
      clearInterval(ticks);
      left.abort();
    } else if ([...cards.values()].map((each) => each.tick()).some(Boolean)) {
      // A sale that begins or ends now is asked for at once.
      refresh();
    }
  }, 1000);
  keepAsking({ ask, show: update, onAge: showAge, signal, pause: PAUSE_MS });
  await showUnpaid();
}

function showAge(age, error) {
  const said = [];
  if (age !== null) {
    // A refusal is an answer: it says what has become of the event.
    said.push(notice(error.retryable ? t("old", { at: clock(Date.now() - age) }) : explained(error), "bad"));
  }
  if (stale.textContent !== said.map((each) => each.textContent).join("")) {
    stale.replaceChildren(...said);
  }
}

/** What is shown of an event. It is changed in place, so that a choice is not lost. */
class Card {
  constructor(event, tag, title) {
    this.alone = title === null;
    this.state = element("p", { className: "state" });
    this.count = element("p", { className: "count" });
    this.facts = element("div", {});
    this.order = element("div", { className: "slot" });
    this.name = element(title ?? "span", { id: `event-${event.event_id}` });
    this.node = element(
      tag,
      { className: this.alone ? "card alone" : "card" },
      element("div", { className: `art art-${event.event_id % 3}` }),
      element("div", { className: "text" }, ...(this.alone ? [] : [this.name]), this.facts, this.state, this.count, this.order),
    );
    this.node.dataset.eventId = event.event_id;
    this.alone ? this.order.after(shareOf(event)) : this.node.setAttribute("aria-labelledby", this.name.id);
  }

  update(event) {
    const { state } = saleOf(event);
    const shown = JSON.stringify([state, { ...event, server_now: null }]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.show(event, state);
    }
    this.tick();
  }

  show(event, state) {
    const title = element("a", { href: payment.eventPage(event.event_id) }, named(nameOf(event, event.event_id)));
    this.event = event;
    this.name.replaceChildren(title);
    this.facts.replaceChildren(facts(factsOf(event, this.alone)));
    this.state.textContent = stateText(event, state);
    this.state.className = `state ${state}`;
    if (canBuy(state)) {
      this.form = orderForm(event, this.form);
      this.order.firstChild === this.form.node || this.order.replaceChildren(this.form.node);
    } else {
      // An error is kept: it says why the form is gone.
      this.order.replaceChildren(...(this.form ? [this.form.problem] : []));
    }
  }

  /** Counts down. Returns whether the state has just changed by itself. */
  tick() {
    const { state, changesAt } = saleOf(this.event);
    const rest = changesAt === null ? Infinity : changesAt - now();
    const text = rest < SOON_MS ? t(state === "soon" ? "opensIn" : "closesIn", { time: span(rest) }) : "";
    if (this.count.textContent !== text) {
      this.count.textContent = text;
    }
    const changed = this.lastState !== undefined && this.lastState !== state;
    this.lastState = state;
    return changed;
  }
}

function stateText(event, state) {
  if (state === "soon") {
    return t("sale.soon", { at: when(event.opens_at, event.time_zone ?? "UTC") });
  }
  if (!canBuy(state)) {
    // Nobody has to pay for free places, so none come back.
    const comesBack = state === "soldOut" && event.price?.amount_minor !== 0;
    return comesBack ? `${t("sale.soldOut")} ${t("comeBack")}` : t(`sale.${state}`);
  }
  return event.places_left === null ? t("sale.open") : t(state === "few" ? "few" : "left", { n: event.places_left });
}

function factsOf(event, all) {
  const zone = event.time_zone ?? "UTC";
  const [from, to] = [event.opens_at, event.closes_at].map((each) => each && when(each, zone));
  return [
    [t("when"), whenOf(event)],
    [t("until"), all && event.ends_at ? when(event.ends_at, zone) : null],
    [t("doors"), all && event.doors_at ? when(event.doors_at, zone) : null],
    [t("where"), named(venueOf(event))],
    [t("price"), event.price === null ? t("unknownPrice") : price(event.price)],
    [t("howMany"), all && event.max_per_buyer ? t("perBuyer", { n: event.max_per_buyer }) : null],
    [t("onSale"), all && (from || to) ? t(from && to ? "fromTo" : from ? "from" : "to", { from, to }) : null],
  ];
}

function shareOf(event) {
  const go = button(t("shareEvent"), async () => {
    const { share } = await import("./keep.js");
    const text = await share({ title: nameOf(event, event.event_id), url: new URL(payment.eventPage(event.event_id), location.href).href });
    go.textContent = text ?? t("shareEvent");
  }, "button quiet");
  return element("p", { className: "actions" }, go);
}
