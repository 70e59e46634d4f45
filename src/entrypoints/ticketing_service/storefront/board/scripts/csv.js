// @ts-check
// Lists as files. They are fetched with the token, which no address may have.

import { button, save } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { busy, say } from "./dom.js";

/** The last line of a list that the service could not finish. */
const CUT_SHORT = "This list is not complete. Please load it again.";

/** A button that saves a list of an event; `query` returns what is asked for. */
export function csvButton(text, eventId, list, query = () => ({})) {
  const made = button(text, () =>
    busy(made, async () => {
      made.textContent = "Fetching …";
      try {
        const found = await api.csvOf(eventId, list, query());
        if (found.trimEnd().endsWith(CUT_SHORT)) {
          throw new Error("The list is not complete.");
        }
        save(`event-${eventId}-${list}.csv`, found, "text/csv");
        made.textContent = text;
        say("Saved.");
      } catch (error) {
        made.textContent = `${text}: ${error.message} Try again`;
      }
    }),
  "plain");
  return made;
}
