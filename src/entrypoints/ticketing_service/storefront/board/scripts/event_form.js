// @ts-check
// A new event, and another version of one. Each refusal is shown at its field.

import { button, element } from "../../gate/scripts/elements.js";
import { NoAnswer } from "../../gate/scripts/call.js";
import * as api from "./api.js";
import { busy, named, say } from "./dom.js";
import { NumberField, PriceField, TextField, TimeField, Wrong } from "./fields.js";
import { guard } from "./leaving.js";
import { isZone } from "./zones.js";
import { count } from "./words.js";

const ZONES = "zones";
const NOT_PAYABLE = ["payments_not_configured", "total_too_large", "total_too_small"];

/** What a new event begins with. */
const BLANK = {
  name: null, venue: null, price: null, capacity: null, time_zone: null, starts_at: null, ends_at: null,
  doors_at: null, opens_at: null, closes_at: null, max_per_order: 10, max_per_buyer: null,
};

function fieldsOf(currencyOf) {
  const zone = new TextField({
    name: "time_zone", label: "Time zone", required: true, longest: 100, list: ZONES,
    hint: "Such as Europe/Berlin. All times here are on its clocks, and stay as written if you change it.",
  });
  const zoneOf = () => zone.input.value.trim() || "UTC";
  const time = (name, label, hint = "") => new TimeField({ name, label, hint, zoneOf });
  return [
    new TextField({ name: "name", label: "Name", required: true, longest: 200 }),
    new TextField({ name: "venue", label: "Where", longest: 200 }),
    new PriceField({
      name: "price", label: "Price of one place", required: true, currencyOf,
      hint: "Zero makes it free. Tickets keep the price at which they were ordered.",
    }),
    new NumberField({ name: "capacity", label: "Places", required: true }),
    zone,
    time("starts_at", "Begins"),
    time("ends_at", "Ends"),
    time("doors_at", "Doors"),
    time("opens_at", "Sale opens", "Without it the sale has begun."),
    time("closes_at", "Sale closes", "Without it the sale does not end."),
    new NumberField({ name: "max_per_order", label: "Most places on one ticket", required: true }),
    new NumberField({ name: "max_per_buyer", label: "Most places of one buyer" }),
  ];
}

/** The form and what is in it. */
class EventForm {
  constructor({ submit, currency }) {
    this.currency = element("input", { id: "field-currency", maxLength: 3, required: true, autocomplete: "off" });
    this.currency.value = currency;
    this.fields = fieldsOf(() => this.currency.value.trim().toLowerCase());
    this.button = element("button", { className: "big" }, submit);
    this.summary = element("div", { id: "summary", tabIndex: -1 });
    const zones = ["UTC", ...Intl.supportedValuesOf("timeZone")].map((value) => element("option", { value }));
    this.root = element(
      "form",
      { className: "panel form", noValidate: true },
      ...this.fields.map(({ root }) => root),
      element("datalist", { id: ZONES }, ...zones),
      this.summary,
      this.button,
    );
    const zone = this.field("time_zone");
    zone.input.addEventListener("change", () => this.times.forEach((each) => each.offerChoice()));
  }

  get times() {
    return this.fields.filter((each) => each instanceof TimeField);
  }

  get changed() {
    return this.fields.filter((each) => each.changed);
  }

  field(name) {
    return this.fields.find((each) => each.name === name);
  }

  show(terms, names = this.fields.map(({ name }) => name)) {
    // Times are shown in the zone, which therefore comes first.
    const first = (name) => (name === "time_zone" ? 0 : 1);
    for (const name of [...names].sort((one, other) => first(one) - first(other))) {
      this.field(name).show(terms[name]);
    }
  }

  /**
   * Returns the values of these fields; null if one of them is wrong, and then shows why.
   * @returns {any}
   */
  read(fields) {
    const problems = [];
    const values = {};
    for (const each of fields) {
      try {
        values[each.name] = each.value;
        if (each.name === "time_zone" && !isZone(each.value)) {
          throw new Wrong("This browser knows no such time zone. Write it as Europe/Berlin.");
        }
      } catch (error) {
        if (!(error instanceof Wrong)) {
          throw error;
        }
        problems.push({ field: each.name, detail: error.message });
      }
    }
    this.refuse(problems);
    return problems.length > 0 ? null : values;
  }

  /** Shows what is wrong at its fields, and brings the focus to the first of them. */
  refuse(problems, others = []) {
    const at = (name) => problems.filter(({ field }) => field === name).map(({ detail }) => detail);
    for (const each of this.fields) {
      each.refuse(at(each.name).join(" "));
    }
    const unplaced = problems.filter(({ field }) => !this.field(field)).map(({ field, detail }) => `${field} ${detail}`);
    this.tell([...others, ...unplaced], "bad");
    const first = this.fields.find(({ problem }) => !problem.hidden);
    if (first) {
      first.input.focus();
      say(`${first.label}: ${first.problem.textContent}`);
    }
  }

  tell(texts, kind) {
    const all = texts.map((text) => element("p", { className: `banner ${kind}`, dir: "auto" }, text));
    this.summary.replaceChildren(...all);
    if (all.length > 0) {
      this.summary.focus();
      say(texts.join(" "));
    }
  }

  /** Shows why the service refuses it. */
  refuseBy(error) {
    const { code, problem = {} } = error;
    if (problem.errors) {
      this.refuse(problem.errors.map(({ field, detail }) => ({ field, detail: `It ${detail}.` })));
    } else if (code === "capacity_below_kept") {
      const detail = `Tickets keep ${count(problem.kept, "place")}, so it cannot be less.`;
      this.refuse([{ field: "capacity", detail }]);
    } else if (NOT_PAYABLE.includes(code)) {
      this.refuse([{ field: "price", detail: error.message }]);
    } else {
      this.refuse([], [error.message]);
    }
  }

  onSubmit(work) {
    this.root.onsubmit = (event) => {
      event.preventDefault();
      busy(this.button, work);
    };
  }
}

export async function newEvent({ signal }) {
  const form = new EventForm({ submit: "Put it on sale", currency: "" });
  form.field("price").root.after(
    element(
      "div",
      { className: "field" },
      element("label", { htmlFor: "field-currency" }, "Currency"),
      form.currency,
      element("p", { className: "hint" }, "Three letters, such as EUR. It can never be changed."),
    ),
  );
  form.show({ ...BLANK, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
  const typed = () => [...form.changed.map(({ label }) => label), ...(form.currency.value === "" ? [] : ["Currency"])];
  guard(typed, signal);
  form.onSubmit(async () => {
    if (!/^[a-z]{3}$/i.test(form.currency.value.trim())) {
      form.refuse([], ["Write the currency as three letters, such as EUR."]);
      form.currency.focus();
      return;
    }
    const values = form.read(form.fields);
    if (values === null) {
      return;
    }
    try {
      const event = await api.createEvent(values);
      guard(() => [], signal);
      location.hash = `#/events/${event.event_id}`;
    } catch (error) {
      if (error instanceof NoAnswer) {
        form.refuse([], ["The service does not answer. Look in the list of events whether it is there, before you try again."]);
      } else {
        form.refuseBy(error);
      }
    }
  });
  return [element("h1", {}, "New event"), form.root];
}

/**
 * Somebody else has changed the event: what was typed stays, all else is as it is now, and the
 * next try is on top of their change.
 */
function takeOver(form, event, current) {
  const differs = ({ name }) => JSON.stringify(event[name]) !== JSON.stringify(current[name]);
  const theirs = form.fields.filter(differs);
  const written = (field, value) => field.written(value) || "nothing";
  const lines = theirs.map((each) => `${each.label}: ${written(each, event[each.name])} is now ${written(each, current[each.name])}.`);
  const mine = form.changed;
  for (const each of mine.filter(differs)) {
    each.tell(`Somebody else has made it ${written(each, current[each.name])}.`);
  }
  form.show(current, form.fields.filter((each) => !mine.includes(each)).map(({ name }) => name));
  // Who types the old value again means it.
  mine.forEach((each) => each.compareWith(current[each.name]));
  const whole = theirs.length > 0 ? lines : ["Its sale was closed or it was cancelled."];
  form.tell(["Somebody else has changed the event meanwhile. Look at it, and save again.", ...whole], "mark");
}

export async function editEvent({ eventId, signal }) {
  let event = await api.event(eventId);
  const form = new EventForm({ submit: "Save", currency: event.price.currency });
  form.show(event);
  guard(() => form.changed.map(({ label }) => label), signal);
  form.onSubmit(async () => {
    form.fields.forEach((each) => each.tell());
    const { changed } = form;
    const values = form.read(changed);
    if (values === null) {
      return;
    }
    if (changed.length === 0) {
      form.tell(["Nothing was changed."], "mark");
      return;
    }
    try {
      event = await api.changeEvent(eventId, { ...values, version: event.version });
      form.show(event);
      form.tell(["Saved."], "good");
    } catch (error) {
      if (error.code !== "stale_version") {
        form.refuseBy(error);
        return;
      }
      const current = await api.event(eventId);
      takeOver(form, event, current);
      event = current;
    }
  });
  const back = button("Forget what I typed", () => {
    form.show(event);
    form.refuse([]);
  }, "plain");
  form.root.append(back);
  return [element("h1", {}, "Edit ", named(event.name)), form.root];
}
