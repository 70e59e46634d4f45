// All changes of an event.

import { element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { named, table } from "./dom.js";
import { exactly } from "./words.js";

export async function eventHistory({ eventId }) {
  const [event, { changes }] = await Promise.all([api.event(eventId), api.eventHistory(eventId)]);
  const rows = changes
    .toReversed()
    .map(({ version, at, why, by }) => [`Version ${version}`, exactly(at, event.time_zone), named(why), named(by)]);
  return [
    element("h1", {}, "History of ", named(event.name)),
    table("All changes, the newest first", ["Version", "When", "What", "By"], rows),
  ];
}
