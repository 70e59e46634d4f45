// @ts-check
// Lists as files. They are fetched with the token, which no address may have.

import { button, save } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { busy, say } from "./dom.js";

/** A button that saves a list of an event; `query` returns what is asked for. */
export function csvButton(text, eventId, list, query = () => ({})) {
  const made = button(text, () =>
    busy(made, async () => {
      made.textContent = "Fetching …";
      try {
        save(`event-${eventId}-${list}.csv`, await api.csvOf(eventId, list, query()), "text/csv");
        made.textContent = text;
        say("Saved.");
      } catch (error) {
        made.textContent = `${text}: ${error.message} Try again`;
      }
    }),
  "plain");
  return made;
}
