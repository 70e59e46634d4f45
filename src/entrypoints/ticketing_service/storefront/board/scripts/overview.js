// @ts-check
// The live numbers of an event, and their plots.

import { element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { chip, facts, link, named, section } from "./dom.js";
import { csvButton } from "./csv.js";
import { decimals, money } from "./money.js";
import { BarPlot, PartsPlot } from "./plots.js";
import { keepAsking } from "./refresh.js";
import { age, count, cut, dayOf, exactly, hourOf, saleOf, when } from "./words.js";

const number = (value) => value.toLocaleString("en");
const short = (value) => new Intl.NumberFormat("en", { notation: "compact" }).format(value);

async function ask(eventId) {
  const [event, report, admissions] = await Promise.all([
    api.event(eventId),
    api.report(eventId),
    api.admissions(eventId),
  ]);
  return { event, report, admissions };
}

/** @typedef {Awaited<ReturnType<typeof ask>>} Asked */

/**
 * The tiles: a name, and how its value comes from an answer.
 * @type {[string, (answer: Asked) => string][]}
 */
const PLACES = [
  ["Places left", ({ event }) => number(event.places_left)],
  ["Places kept", ({ report }) => number(report.sums.kept)],
  ["Places sold", ({ report }) => number(report.sums.sold)],
  ["People inside", ({ admissions }) => number(admissions.inside)],
  ["Inside without a right", ({ admissions }) => number(admissions.excess)],
];
const MONEY = [
  ["Taken", "taken"],
  ["Earned", "earned"],
  ["Refunded", "refunded"],
  ["Charged back", "charged_back"],
  ["Owed to buyers", "owed"],
  ["Paid back otherwise", "paid_back_otherwise"],
].map(([name, key]) => [name, (/** @type {Asked} */ { report }) => money(report.sums[key], report.currency)]);

function tiles(title, rows) {
  const values = rows.map(([name]) => element("dd", { id: `tile-${name.toLowerCase().replaceAll(" ", "-")}` }));
  const parts = rows.map(([name], index) => element("div", {}, element("dt", {}, name), values[index]));
  const root = section(title, element("dl", { className: "tiles" }, ...parts));
  const show = (answer) => {
    for (const [index, [, valueOf]] of rows.entries()) {
      values[index].textContent = valueOf(answer);
    }
  };
  return { root, show };
}

function plotsOf({ currency }) {
  const amount = (value) => money(value, currency);
  const places = new PartsPlot({ title: "Places", format: number });
  const hours = new BarPlot({
    title: "Sold in each of the last 48 hours",
    when: "Hour",
    series: [{ name: "Places sold", className: "sold" }],
    format: number,
    axis: short,
  });
  const days = new BarPlot({
    title: "Sold on each day",
    when: "Day",
    series: [{ name: "Places sold", className: "sold" }],
    format: number,
    axis: short,
  });
  const flow = new BarPlot({
    title: "Money in and back, by the day of the order",
    when: "Day",
    series: [
      { name: "Taken", className: "taken" },
      { name: "Given back", className: "back", below: true },
    ],
    format: amount,
    axis: (value) => short(value / 10 ** decimals(currency)),
  });
  const gates = new BarPlot({
    title: "Inside, by the gate where people went in",
    when: "Gate",
    series: [{ name: "People", className: "inside" }],
    format: number,
    axis: short,
  });
  const show = (/** @type {Asked} */ { event, report, admissions }) => {
    const { sold, kept, admitted } = report.sums;
    const zone = event.time_zone;
    const inside = Math.min(admitted, kept);
    places.show([
      { name: "Inside", className: "inside", value: inside },
      { name: "Sold, not inside", className: "sold", value: Math.max(0, Math.min(sold, kept) - inside) },
      { name: "Held, not paid yet", className: "held", value: Math.max(0, kept - Math.max(sold, inside)) },
      { name: "Left", className: "left", value: Math.max(0, event.capacity - kept) },
    ]);
    hours.show(
      report.hours.map((each) => ({ label: hourOf(each.at, zone), long: when(each.at, zone), values: [each.sold] })),
    );
    days.show(report.days.map(({ day, sums }) => ({ label: dayOf(day), long: dayOf(day), values: [sums.sold] })));
    flow.show(
      report.days.map(({ day, sums }) => ({
        label: dayOf(day),
        long: dayOf(day),
        values: [sums.taken, sums.refunded + sums.charged_back + sums.paid_back_otherwise],
      })),
    );
    gates.show(
      admissions.gates.map(({ gate, people }) => ({ label: cut(gate), long: gate, values: [people] })),
    );
  };
  return { roots: [places, gates, hours, days, flow].map(({ root }) => root), show };
}

/** @param {import("ticketing-api").Event} event */
function about(event) {
  const { time_zone: zone } = event;
  return facts([
    ["Begins", when(event.starts_at, zone)],
    ["Ends", when(event.ends_at, zone)],
    ["Doors", when(event.doors_at, zone)],
    ["Where", event.venue === null ? "—" : named(event.venue)],
    ["Price", money(event.price.amount_minor, event.price.currency)],
    ["Sale opens", when(event.opens_at, zone)],
    ["Sale closes", when(event.closes_at, zone)],
    ["Time zone", zone],
  ]);
}

export async function overview({ eventId, signal }) {
  const first = await ask(eventId);
  const places = tiles("Places", PLACES);
  const sums = tiles("Money", MONEY);
  const plots = plotsOf(first.report);
  const title = element("h1", {}, named(first.event.name));
  const state = element("p", { className: "state" });
  // Told once, and not again each second: the age is outside of it.
  const problem = element("span", { role: "status" });
  const old = element("span", {});
  const banner = element("p", { className: "banner mark", hidden: true }, problem, " ", old);
  const terms = element("div", {});
  let shown = "";

  const show = (/** @type {Asked} */ answer) => {
    const { event } = answer;
    title.replaceChildren(named(event.name));
    const summed = `Sums of ${exactly(answer.report.added_up_at, event.time_zone)}`;
    state.replaceChildren(chip(saleOf(event)), ` ${count(event.capacity, "place")} · ${summed}`);
    places.show(answer);
    sums.show(answer);
    plots.show(answer);
    const version = `${event.version} ${event.time_zone}`;
    if (version !== shown) {
      shown = version;
      terms.replaceChildren(about(event));
    }
  };
  const onAge = (milliseconds, error) => {
    banner.hidden = error === null;
    const why = error?.message ?? "";
    if (problem.textContent !== why) {
      problem.textContent = why;
    }
    old.textContent = error === null ? "" : `These numbers are ${age(milliseconds)} old.`;
  };
  show(first);
  keepAsking({ ask: () => ask(eventId), show, onAge, signal });
  const download = csvButton("Save the report (CSV)", eventId, "report");
  return [
    title,
    state,
    banner,
    places.root,
    sums.root,
    section("Plots", ...plots.roots),
    section("The event", terms, element("p", { className: "actions" }, link("Edit", `#/events/${eventId}/edit`, "button"), download)),
  ];
}
