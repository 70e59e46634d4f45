// The device's journal: who was let in here. Entries are plain objects, as they are stored:
//
//   scan_id, event_id, ticket_id, token (or null if staff has typed an id), people, gate,
//   at (milliseconds by this device's clock), offline, answered_at and outcome (of the service;
//   null until then), undo ({at, answered_at}, or null).
//
// An entry without people says that this scan lets nobody in: see `keptOut`.

/** A list is at most ten seconds old when it is fetched; half as much is added for clocks. */
export const LIST_MADE_BEFORE_MS = 15_000;

/** How long an entry is kept after the service recorded it: an export may be needed after a restore.
 * By then its event is over (the service does not say when it is), and backups are not that old. */
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
 * Makes the entry of a scan that the page refuses after its answer was lost. The service may have
 * counted the people, or still will, so the scan is taken back as if they were out again.
 */
export function keptOut(scan, now) {
  const { ticket, ticket_id: typed = null, ticket_code } = scan.shown;
  const ticketId = ticket?.ticket_id ?? typed;
  const entry = entryOf(scan, { people: 0, ticketId, answer: { outcome: "kept_out" }, now });
  return takenBack({ ...entry, ...(ticket_code && { ticket_code }) }, now);
}

/** Marks an entry that is not synced. Other entries do not have this member: see `store.js`. */
function withPending({ pending, ...entry }) {
  const known = entry.answered_at !== null && (entry.undo === null || entry.undo.answered_at !== null);
  return known ? entry : { ...entry, pending: 1 };
}

/** Marks an entry as taken back. It is synced later. */
export function takenBack(entry, now) {
  return entry.undo ? entry : withPending({ ...entry, undo: { at: now, answered_at: null } });
}

/** Records the answer of the service to an entry, or to its undo. */
export function answered(entry, { undo, outcome }, now) {
  if (undo) {
    return withPending({ ...entry, undo: { ...entry.undo, answered_at: now } });
  }
  return withPending({ ...entry, answered_at: now, outcome });
}

/** Whether the service rejected an entry, so that it is kept and shown. */
export function isNotAccepted({ outcome }) {
  return ["forged", "unknown_key", "scan_id_reused", "invalid"].includes(outcome);
}

/** Whether an entry may be deleted: the service recorded all of it long ago. */
export function isOver({ answered_at, undo, outcome }, now) {
  const isOld = (time) => time !== null && time < now - KEEP_MS;
  return isOld(answered_at) && (undo === null || isOld(undo.answered_at)) && !isNotAccepted({ outcome });
}

function item({ scan_id, token, people, gate }, at) {
  // An undo takes back the whole scan. Its number of people only has to be valid.
  return { scan_id, token, people: people || 1, at: new Date(at).toISOString(), gate };
}

/** The items to sync, in the order in which they happened: entries and undos. */
export function itemsOf(entries) {
  const items = entries.flatMap((entry) => {
    const wentIn = entry.people > 0 ? [item(entry, entry.at)] : [];
    return entry.undo ? [...wentIn, { ...item(entry, entry.undo.at), undo: true }] : wentIn;
  });
  // Texts of this form sort like their times.
  return items.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

/**
 * The whole journal as JSON lines, since a restore may lose entries that were synced. Entries that
 * staff typed are left out: only the service decided on them.
 */
export function exported(entries) {
  const items = itemsOf(entries.filter(({ token }) => token !== null));
  return items.map((each) => `${JSON.stringify(each)}\n`).join("");
}

/**
 * The number of people inside on a ticket: those in the list, and entries of the journal that are
 * newer. An entry from shortly before the list was fetched may be in it or not, and does not count,
 * so that no guest is turned away. `list` is `{inside, askedAt, gotAt}`.
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
