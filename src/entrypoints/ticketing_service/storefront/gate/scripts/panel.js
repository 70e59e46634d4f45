// The large panel: the answer, or the question how many go in.

import { button, byId, element } from "./elements.js";
import { play } from "./sound.js";
import { wordsFor } from "./words.js";

/** How long an answer stays. Longer, it could be mistaken for that of the next guest. */
const SHOWN_MS = 8000;
/** The largest number of people with a button for each number. */
const BUTTONS = 9;
const SIGNS = { yes: "✓", mark: "✓", no: "✕" };

export class Panel {
  #place = byId("answer");
  #timer = null;
  #question = null;

  #show(kind, ...children) {
    clearTimeout(this.#timer);
    this.#question?.(null);
    this.#question = null;
    this.#place.replaceChildren(...children.filter(Boolean));
    this.#place.className = `answer ${kind}`;
    // Somebody may have scrolled down to earlier entries.
    document.scrollingElement.scrollTo(0, 0);
  }

  get asks() {
    return this.#question !== null;
  }

  /** Waits for the next guest. `news` are shown for a while. */
  ready(news = "") {
    const title = element("p", { className: "title" }, "Ready");
    this.#show("ready", title, element("p", {}, news || "Show a code."));
    if (news) {
      this.#timer = setTimeout(() => this.ready(), SHOWN_MS);
    }
  }

  busy() {
    this.#show("busy", element("p", { className: "title" }, "Checking …"));
  }

  /** Shows an answer, with buttons for what can be done now. */
  answer(answer, ...actions) {
    const { kind, title, still, details } = wordsFor(answer);
    const ticket = answer.ticket_id ? `Ticket ${answer.ticket_id}` : "";
    this.#show(
      kind,
      element("p", { className: "sign", ariaHidden: "true" }, SIGNS[kind]),
      element("p", { className: "title" }, title),
      still && element("p", { className: "still" }, still),
      ...details.map((text) => element("p", { className: "detail" }, text)),
      ticket && element("p", { className: "small" }, ticket),
      actions.length > 0 && element("div", { className: "actions" }, ...actions),
    );
    // Two answers of one colour must not look like one.
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#place.animate?.([{ filter: "brightness(1.7)" }, { filter: "none" }], 250);
    }
    play(kind);
    this.#timer = setTimeout(() => this.ready(), SHOWN_MS);
  }

  /** Asks how many of those who are left go in. Returns null if something else came in between. */
  howMany({ ticket_id, quantity }, most) {
    const some = most < quantity ? `, ${most} ${most === 1 ? "is" : "are"} left` : "";
    this.#show("ask");
    return new Promise((resolve) => {
      const answer = (number) => {
        this.#question = null;
        resolve(number);
      };
      const choices = most > BUTTONS ? this.#field(most, answer) : this.#buttons(most, answer);
      this.#place.append(
        element("p", { className: "title" }, "How many go in?"),
        element("p", { className: "small" }, `Ticket ${ticket_id} is for ${quantity} people${some}`),
        choices,
        button("Nobody", () => (answer(null), this.ready()), "plain"),
      );
      this.#question = answer;
      // Enter then takes all of them.
      this.#place.querySelector(".all").focus();
      play("mark");
    });
  }

  #buttons(most, answer) {
    const numbers = Array.from({ length: most }, (_, index) => index + 1);
    const made = numbers.map((each) =>
      button(String(each), () => answer(each), each === most ? "number all" : "number"),
    );
    return element("div", { className: "numbers" }, ...made);
  }

  #field(most, answer) {
    const field = element("input", { type: "number", min: 1, max: most, value: most });
    // Without a number, the service lets in all.
    field.required = true;
    field.className = "all";
    field.ariaLabel = "How many go in";
    const form = element("form", { className: "numbers" }, field, element("button", {}, "Let in"));
    form.onsubmit = (event) => {
      event.preventDefault();
      answer(field.valueAsNumber);
    };
    return form;
  }

  /** A digit that was pressed alone answers the question. */
  key(key) {
    if (this.asks) {
      const wanted = [...this.#place.querySelectorAll(".number")].find((each) => each.textContent === key);
      wanted?.click();
    }
  }
}
