// Handles scans and typed texts, one after another, up to the answer on the screen.

import { button, byId, choose, element } from "./elements.js";
import { Panel } from "./panel.js";
import { shownBy } from "./token.js";
import { clock, peopleIn } from "./words.js";

/** The number of entries under "Let in here". A mistake is noticed soon. */
const RECENT = 6;
/** How long an answer is shown before the camera takes the next code. */
const LOOK_MS = 1500;

export class Desk {
  #panel = new Panel();
  #turn = Promise.resolve();
  #waiting = 0;
  #recent = [];
  #answeredAt = -Infinity;

  constructor(door) {
    this.door = door;
  }

  /** Whether codes in view have to wait, for example until an answer was shown long enough. */
  get busy() {
    return this.#waiting > 0 || performance.now() - this.#answeredAt < LOOK_MS;
  }

  async open() {
    const entries = await this.door.store.entries();
    const ours = entries.filter(({ event_id, people }) => event_id === this.door.eventId && people > 0);
    this.#recent = ours.sort((a, b) => b.at - a.at).slice(0, RECENT);
    this.#showRecent();
    this.#panel.ready();
  }

  key(key) {
    this.#panel.key(key);
  }

  /**
   * Handles a text from a scan or a picture. It must be a token, since anybody can make a code with
   * the number of a ticket.
   */
  take(text) {
    const shown = shownBy(text);
    this.#takeShown(shown?.token ? shown : null);
  }

  /** Handles the text in the field. A scanner may have typed it, so a number has to be confirmed. */
  typed(text) {
    this.#takeShown(shownBy(text));
  }

  #takeShown(shown) {
    if (shown === null) {
      this.#answer({ outcome: "foreign" });
      return;
    }
    this.#inTurn(async () => {
      if (!shown.ticket_id || (await this.#isTheirs(shown.ticket_id))) {
        await this.#ask(shown);
      }
    });
  }

  #isTheirs(number) {
    return choose(`Ticket ${number}?`, "A number proves nothing. Let them show you their order.", [
      ["Not theirs", false],
      ["It is their order", true],
    ]);
  }

  /** Says that a picture has no code, or several. Only one answer could be shown. */
  noCode(count) {
    this.#answer({ outcome: count === 0 ? "no_code" : "several" });
  }

  /** Queues scans, since scanners are faster than the service. */
  #inTurn(work) {
    this.#waiting += 1;
    if (this.#panel.asks) {
      // Staff have moved on to the next guest, so nobody will answer the question.
      this.#panel.busy();
    }
    const failed = (error) => this.#answer({ outcome: "failed", message: error.message });
    this.#turn = this.#turn.then(work).catch(failed).finally(() => {
      this.#waiting -= 1;
    });
  }

  async #ask(shown) {
    const { ticket } = shown;
    const quantity = ticket?.quantity ?? null;
    const left = quantity > 1 ? await this.door.left(ticket) : 0;
    // If all of a group seem to be inside, ask for one person: the answer says who is inside.
    const one = quantity === null ? null : 1;
    const people = left > 0 ? await this.#panel.howMany(ticket, left) : one;
    // The number of people of a typed ticket number is unknown, so ask for all who are left.
    if (people !== null || quantity === null) {
      await this.#checkIn(shown, people);
    }
  }

  async #checkIn(shown, people) {
    this.#panel.busy();
    const answer = await this.door.checkIn(shown, people);
    const { outcome, left, entry } = answer;
    if (outcome === "admitted") {
      this.#recent = [entry, ...this.#recent].slice(0, RECENT);
      this.#showRecent();
      this.#answer(answer, button("Undo", () => this.#undo(entry), "plain"));
    } else if (outcome === "too_many") {
      const less = () => this.#inTurn(() => this.#checkIn(shown, left));
      this.#answer(answer, button(`Let ${left} in`, less));
    } else {
      this.#answer(answer);
    }
  }

  #answer(answer, ...actions) {
    this.#answeredAt = performance.now();
    this.#panel.answer(answer, ...actions);
  }

  /** Undoes a scan after its people are out: otherwise others could go in on their places. */
  async #undo(entry) {
    const who = peopleIn(entry.people);
    const sure = await choose(`Take back ${who}?`, `Ticket ${entry.ticket_id}. Let them step out first.`, [
      ["They are out again", true],
      ["Leave them in", false],
    ]);
    if (sure && entry.undo === null) {
      try {
        await this.door.undo(entry);
      } catch (error) {
        this.#answer({ outcome: "not_undone", message: error.message });
        return;
      }
      entry.undo = { at: Date.now() };
      this.#showRecent();
      this.#panel.ready(`${who} out again.`);
    }
  }

  #showRecent() {
    const rows = this.#recent.map((entry) => {
      const words = `${clock(entry.at)} · ${peopleIn(entry.people)} · ticket ${entry.ticket_id}`;
      const text = element("span", { className: entry.undo ? "out" : "" }, words);
      const action = entry.undo
        ? element("span", { className: "small" }, "out again")
        : button("Undo", () => this.#undo(entry), "plain");
      if (!entry.undo) {
        action.ariaLabel = `Undo: ${words}`;
      }
      return element("li", {}, text, action);
    });
    byId("recent").replaceChildren(...rows);
    byId("recent").parentElement.hidden = rows.length === 0;
  }
}
