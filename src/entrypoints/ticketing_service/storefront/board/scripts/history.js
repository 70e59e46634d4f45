// @ts-check
// The changes of an event.

import { element } from "../../gate/scripts/elements.js";
import * as api from "./api.js";
import { named, table } from "./dom.js";
import { nextPage } from "./tickets.js";
import { exactly } from "./words.js";

export async function eventHistory({ eventId, query }) {
  const [event, page] = await Promise.all([
    api.event(eventId),
    api.eventHistory(eventId, Object.fromEntries(query)),
  ]);
  const rows = page.changes.map(({ version, at, why, by }) => [
    `Version ${version}`,
    exactly(at, event.time_zone),
    named(why),
    named(by),
  ]);
  const following = nextPage(page.next, { route: `/events/${eventId}/history`, query, from: "before" });
  return [
    element("h1", {}, "History of ", named(event.name)),
    table("Changes, the newest first", ["Version", "When", "What", "By"], rows),
    ...(following ? [element("p", { className: "actions" }, following)] : []),
  ];
}
