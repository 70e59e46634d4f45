// The fields of the event's form. Each knows what was there at first and whether it has changed.

import { element } from "../../gate/scripts/elements.js";
import { decimals, parseAmount, plainAmount } from "./money.js";
import { instantsOf, isZone, offsetInWords, wallTime } from "./zones.js";

/** What is wrong with what was typed; the service was not asked. */
export class Wrong extends Error {}

class Field {
  constructor({ name, label, hint = "", input, required = false }) {
    this.name = name;
    this.label = label;
    this.input = input;
    this.required = required;
    input.id = `field-${name}`;
    input.required = required;
    this.problem = element("p", { id: `problem-${name}`, className: "problem", hidden: true });
    this.note = element("p", { id: `note-${name}`, className: "hint note", hidden: true });
    const help = element("p", { id: `hint-${name}`, className: "hint", hidden: hint === "" }, hint);
    const described = [this.problem, this.note, help].map(({ id }) => id);
    input.setAttribute("aria-describedby", described.join(" "));
    const title = element("label", { htmlFor: input.id }, required ? label : `${label} (optional)`);
    this.root = element("div", { className: "field" }, title, input, help, this.note, this.problem);
  }

  /** Shows a value of the service as the one that is there. */
  show(value) {
    this.compareWith(value);
    this.input.value = this.shown;
  }

  /** What the service has now; what was typed stays. */
  compareWith(value) {
    this.shown = this.written(value);
  }

  get changed() {
    // Blanks at the ends are no change, also those of a name that came with some.
    return this.input.value.trim() !== this.shown.trim();
  }

  /** What the service gets: null if it is empty. */
  get value() {
    const text = this.input.value.trim();
    if (text === "" && this.required) {
      throw new Wrong("This is needed.");
    }
    return text === "" ? null : this.read(text);
  }

  written(value) {
    return value === null ? "" : String(value);
  }

  read(text) {
    return text;
  }

  /** Says what is wrong with it, or nothing. */
  refuse(text = "") {
    this.problem.textContent = text;
    this.problem.hidden = text === "";
    this.input.ariaInvalid = text === "" ? null : "true";
  }

  /** Says something else about it: what the service has now, or which of two times is meant. */
  tell(text = "") {
    this.note.textContent = text;
    this.note.hidden = text === "";
  }
}

export class TextField extends Field {
  constructor({ longest, list = null, ...rest }) {
    const input = element("input", { maxLength: longest, autocomplete: "off", dir: "auto" });
    if (list) {
      input.setAttribute("list", list);
    }
    super({ ...rest, input });
  }
}

export class NumberField extends Field {
  constructor(options) {
    super({ ...options, input: element("input", { inputMode: "numeric", autocomplete: "off" }) });
  }

  read(text) {
    if (!/^[1-9][0-9]{0,9}$/.test(text)) {
      throw new Wrong("Write a whole number from 1 on.");
    }
    return Number(text);
  }
}

/** The price of one place. `currencyOf` returns the currency in lower case. */
export class PriceField extends Field {
  constructor({ currencyOf, ...rest }) {
    super({ ...rest, input: element("input", { inputMode: "decimal", autocomplete: "off" }) });
    this.currencyOf = currencyOf;
  }

  written(price) {
    return price === null ? "" : plainAmount(price.amount_minor, price.currency);
  }

  read(text) {
    const currency = this.currencyOf();
    const amount = parseAmount(text, currency);
    if (amount === null) {
      const places = decimals(currency);
      throw new Wrong(`Write an amount such as ${plainAmount(25 * 10 ** places, currency)}, with a dot and without groups.`);
    }
    return { amount_minor: amount, currency };
  }
}

/**
 * A time on the clocks of the event. Where clocks are put back, a time is twice, and one of both is
 * chosen; where they are put forward, some times do not exist.
 */
export class TimeField extends Field {
  #instant = null;
  #shownZone = null;
  #fits = null;

  /** `zoneOf` returns the time zone in the form. */
  constructor({ zoneOf, ...rest }) {
    super({ ...rest, input: element("input", { type: "datetime-local" }) });
    this.zoneOf = zoneOf;
    this.choice = element("select", { id: `${this.input.id}-which`, ariaLabel: `${this.label}: which of both`, hidden: true });
    this.input.after(this.choice);
    this.input.addEventListener("input", () => this.offerChoice());
  }

  show(instant) {
    super.show(instant);
    this.offerChoice();
  }

  compareWith(instant) {
    this.#instant = instant;
    this.#shownZone = this.zoneOf();
    super.compareWith(instant);
  }

  written(instant) {
    return instant === null ? "" : wallTime(instant, this.zoneOf());
  }

  get #found() {
    const text = this.input.value;
    return text && isZone(this.zoneOf()) ? instantsOf(text, this.zoneOf()) : [];
  }

  /** Asks which of two times is meant; the one that is there is chosen already. */
  offerChoice() {
    const found = this.#found;
    const asked = `${this.input.value} ${this.zoneOf()}`;
    this.choice.hidden = found.length < 2;
    if (found.length < 2 || this.#fits === asked) {
      this.#fits = this.choice.hidden ? null : asked;
      return;
    }
    this.#fits = asked;
    const names = ["The earlier one", "The later one"];
    const options = found.map((instant, index) =>
      element("option", { value: instant }, `${names[index]} (${offsetInWords(instant, this.zoneOf())})`),
    );
    this.choice.replaceChildren(...options);
    const kept = found.find((each) => this.#instant !== null && wholeMinutes(each) === wholeMinutes(this.#instant));
    this.choice.value = kept ?? found[0];
  }

  get changed() {
    const text = this.input.value;
    if (text !== this.shown || text === "") {
      return text !== this.shown;
    }
    // In another zone the same time is another instant.
    const chosen = this.choice.hidden ? null : this.choice.value;
    return this.zoneOf() !== this.#shownZone || (chosen !== null && wholeMinutes(chosen) !== wholeMinutes(this.#instant));
  }

  read(text) {
    const zone = this.zoneOf();
    if (!isZone(zone)) {
      throw new Wrong("Choose the time zone first.");
    }
    const found = instantsOf(text, zone);
    if (found.length === 0) {
      throw new Wrong(`This time does not exist in ${zone}: the clocks go forward then.`);
    }
    return found.length === 1 ? found[0] : this.choice.value;
  }
}

const wholeMinutes = (instant) => Math.floor(Date.parse(instant) / 60_000);
