// The device's journal: who was let in here. Entries are plain objects, as they are stored:
//
//   scan_id, event_id, ticket_id, token (or null if staff has typed an id), people, gate,
//   at (milliseconds by this device's clock), offline, answered_at and outcome (of the service;
//   null before it), undo ({at, answered_at}, or null).
//
// An entry without people says that this scan lets nobody in: see `keptOut`.

/** The service makes a list at most ten seconds before it is asked for; half as much for clocks. */
export const LIST_MADE_BEFORE_MS = 15_000;

/** How long an entry is kept after the service took it: the export may be needed after a restore. By
 * then its event is over (the service does not say when it is), and backups are not that old. */
const KEEP_MS = 30 * 24 * 3_600_000;

export function entryOf(scan, { people, ticketId, answer = null, now }) {
  return withPending({
    scan_id: scan.scan_id,
    event_id: scan.event_id,
    ticket_id: ticketId,
    token: scan.shown.token ?? null,
    people,
    gate: scan.gate,
    at: scan.at,
    offline: answer === null,
    answered_at: answer === null ? null : now,
    outcome: answer?.outcome ?? null,
    undo: null,
  });
}

/**
 * The page lets nobody in, but the service may have counted them, or still will: it was asked, and
 * the answer was lost. So the scan is taken back, as if they were out again.
 */
export function keptOut(scan, now) {
  const { ticket, ticket_id: typed = null, ticket_code } = scan.shown;
  const ticketId = ticket?.ticket_id ?? typed;
  const entry = entryOf(scan, { people: 0, ticketId, answer: { outcome: "kept_out" }, now });
  return takenBack({ ...entry, ...(ticket_code && { ticket_code }) }, now);
}

/** What the service does not know yet. The mark is there only if something is: see `store.js`. */
function withPending({ pending, ...entry }) {
  const known = entry.answered_at !== null && (entry.undo === null || entry.undo.answered_at !== null);
  return known ? entry : { ...entry, pending: 1 };
}

/** They are out again. The service hears of it afterwards. */
export function takenBack(entry, now) {
  return entry.undo ? entry : withPending({ ...entry, undo: { at: now, answered_at: null } });
}

/** The service has answered to the item of the entry, or to that of its undo. */
export function answered(entry, { undo, outcome }, now) {
  if (undo) {
    return withPending({ ...entry, undo: { ...entry.undo, answered_at: now } });
  }
  return withPending({ ...entry, answered_at: now, outcome });
}

/** Whether the service did not take an entry: it is kept and shown. */
export function isNotAccepted({ outcome }) {
  return ["forged", "unknown_key", "scan_id_reused", "invalid"].includes(outcome);
}

/** Whether an entry may go: the service took all of it long ago. What it did not take stays. */
export function isOver({ answered_at, undo, outcome }, now) {
  const isOld = (time) => time !== null && time < now - KEEP_MS;
  return isOld(answered_at) && (undo === null || isOld(undo.answered_at)) && !isNotAccepted({ outcome });
}

function item({ scan_id, token, people, gate }, at) {
  // An undo takes back whatever there is; its number only has to be one.
  return { scan_id, token, people: people || 1, at: new Date(at).toISOString(), gate };
}

/** What to tell the service, as it happened: people went in, and some are out again. */
export function itemsOf(entries) {
  const items = entries.flatMap((entry) => {
    const wentIn = entry.people > 0 ? [item(entry, entry.at)] : [];
    return entry.undo ? [...wentIn, { ...item(entry, entry.undo.at), undo: true }] : wentIn;
  });
  // Texts of this form are ordered as their times are.
  return items.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

/**
 * The journal as JSON lines, all of it: what the service has answered may be lost by a restore.
 * Without what staff has typed: it was decided by the service alone.
 */
export function exported(entries) {
  const items = itemsOf(entries.filter(({ token }) => token !== null));
  return items.map((each) => `${JSON.stringify(each)}\n`).join("");
}

/**
 * How many are inside on a ticket: the list counts what it could know, the journal the rest. What
 * was answered shortly before the list was asked for may be in it or not; then a guest is not
 * turned away for it. `list` is `{inside, askedAt, gotAt}`.
 */
export function insideWith(list, entries) {
  let maybe = 0;
  let beyond = 0;
  let out = 0;
  const inList = (time) => time !== null && time < list.askedAt - LIST_MADE_BEFORE_MS;
  for (const { at, people, answered_at, undo } of entries) {
    if (at >= list.gotAt) {
      beyond += people;
    } else if (!inList(answered_at)) {
      maybe += people;
    }
    if (undo !== null && !inList(undo.answered_at)) {
      out += people;
    }
  }
  return Math.max(0, Math.max(list.inside, maybe) + beyond - out);
}
