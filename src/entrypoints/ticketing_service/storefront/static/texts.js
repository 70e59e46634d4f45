// @ts-check
// The buyer's language, and how amounts, dates and times are written in it.
// Another language is one more file in `texts/`, and one more line here.

import { money as moneyIn } from "../board/scripts/money.js";
import { browser } from "./storage.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const CHOSEN = "language";

const primary = (/** @type {string} */ tag) => tag.split("-")[0];
const wanted = [browser.get(CHOSEN) ?? "", ...navigator.languages];
export const language = wanted.map(primary).find((each) => Object.hasOwn(LANGUAGES, each)) ?? "en";
// With its region, if the browser names one: it decides how numbers and dates are written.
const locale = navigator.languages.find((tag) => primary(tag) === language) ?? language;

const texts = await (await fetch(`/static/texts/${language}.json`)).json();
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(locale);

export function choose(chosen) {
  browser.set(CHOSEN, chosen);
  location.reload();
}

/** A text with its values; one that depends on the number `n` has a form for each plural of the language. */
function filled(text, values) {
  const form = typeof text === "string" ? text : (text[plurals.select(values.n)] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : (value ?? "–");
  });
}

export function t(name, values = {}) {
  return filled(name.split(".").reduce((from, each) => from[each], texts), values);
}

/** A text that others have chosen, inside another one: its direction is its own (FSI, PDI). */
export const isolated = (text) => `\u2068${text}\u2069`;

/** What a pair of texts says: what is, and what to do next. */
function pair(found, values) {
  return found.map((each) => filled(each, values));
}

/** A state of a ticket in words, or null if this page does not know it. Of a free one, no money goes back. */
export function stateTexts(status, { isFree, ...values }) {
  const known = texts.states;
  const found = (isFree && known[`${status}.free`]) || (Object.hasOwn(known, status) && known[status]);
  return found ? pair(found, values) : null;
}

export const unknownState = (status, id) => pair(texts.unknownState, { status, id: String(id) });

/** A problem of the API in words, or null if this page does not know its code. */
export function problemTexts({ unpaid, opens_at, ...problem }) {
  const known = texts.problems;
  const key = unpaid ? `${problem.code}.unpaid` : problem.code;
  if (!Object.hasOwn(known, key)) {
    return null;
  }
  return pair(known[key], { ...problem, n: problem.limit ?? problem.kept, opens_at: opens_at && when(opens_at) });
}

export const generalTexts = (name, values = {}) => pair(texts[name], values);

/** @param {{ amount_minor: number, currency: string }} amount */
export function money({ amount_minor, currency }) {
  return moneyIn(amount_minor, currency, locale);
}

export const price = (amount) => (amount.amount_minor === 0 ? t("free") : money(amount));

/** @type {Intl.DateTimeFormatOptions} */
const DAY = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "numeric", minute: "2-digit" };

function written(instant, timeZone, options) {
  const date = new Date(instant);
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone }).format(date);
  } catch {
    // A zone that only the service knows.
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC", timeZoneName: "short" }).format(date);
  }
}

const HOUR_MS = 3_600_000;

/**
 * An instant by the clocks of a zone, which is named if the buyer's clock shows another time, or if
 * the clocks there go back and show this time twice.
 */
export function when(instant, zone = undefined) {
  const options = { ...DAY, ...CLOCK };
  const there = written(instant, zone, options);
  const twice = [-HOUR_MS, HOUR_MS].some((off) => written(Date.parse(instant) + off, zone, options) === there);
  return there === written(instant, undefined, options) && !twice
    ? there
    : written(instant, zone, { ...options, timeZoneName: "short" });
}

export const clock = (instant) => written(instant, undefined, CLOCK);

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A span of time by its two largest units, such as "2 days 3 hours". */
export function span(milliseconds) {
  let rest = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [];
  for (const [unit, seconds] of /** @type {[string, number][]} */ (UNITS)) {
    const n = Math.floor(rest / seconds);
    rest -= n * seconds;
    if (n > 0 || (unit === "second" && parts.length === 0)) {
      parts.push(new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(n));
    }
  }
  return parts.slice(0, 2).join(" ");
}
