// @ts-check
// The work of a gate: it calls the service or decides alone, and keeps the journal. The parts that
// depend on the browser are passed in: `store`, `service`, `now`.

import { steadyClock } from "./clock.js";
import { decide, knownOf, leftOf, listAge } from "./decision.js";
import { readGateList } from "./gate_list.js";
import { answered, entryOf, isNotAccepted, isOver, itemsOf, keptOut, takenBack } from "./journal.js";
import { NoAnswer, Refused } from "./call.js";
import { read } from "./signatures.js";

/** The most entries in one request. */
const LARGEST_SYNC = 100;

/** Outcomes that leave nothing to take back: the service cannot have given another one before. */
const SURE = ["admitted", "forged", "wrong_event"];

/** A random UUID. `crypto.randomUUID` is there in secure contexts only. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Door {
  /** Whether the service answered the last request. */
  online = true;
  /** The explanation of the service if it rejects this device; otherwise null. */
  refused = null;
  unsynced = 0;
  /** The number of entries that the service rejected. They stay in the journal. */
  notAccepted = 0;
  #keys = [];
  #held = null;
  /** Answers of the service about tickets. Offline they override an older list. */
  #seen = new Map();
  #syncing = null;
  #pruned = false;

  /** @param {{ eventId: number, gate: string, store: any, now?: () => number,
   *   service: import("./service.js").Service, onChange?: () => void }} parts */
  constructor({ eventId, gate, store, service, now = steadyClock(), onChange = () => {} }) {
    this.eventId = eventId;
    this.gate = gate;
    this.store = store;
    this.service = service;
    this.now = now;
    this.onChange = onChange;
  }

  /** Reads what is stored on the device. */
  async open() {
    this.#keys = (await this.store.kept("keys")) ?? [];
    const kept = await this.store.kept(`list ${this.eventId}`);
    if (kept) {
      await this.#hold(kept);
    }
    this.notAccepted = (await this.store.entries()).filter(isNotAccepted).length;
    await this.#count();
  }

  /** The age of a list that is too old, in seconds; null if it is fresh; Infinity without a list. */
  get listAge() {
    return this.#held === null ? Infinity : listAge(this.#held, this.now());
  }

  /**
   * Lets people in or not. `people` is null for all who are left. Returns the answer to show, with
   * the `entry` of the journal if they go in.
   */
  async checkIn(shown, people) {
    const { eventId, gate } = this;
    const scan = { scan_id: randomId(), event_id: eventId, shown, people, gate, at: this.now() };
    let answer = null;
    try {
      answer = (await this.#ask(scan)) ?? (await this.#decide(scan));
      return answer;
    } finally {
      if (scan.unanswered && !SURE.includes(answer?.outcome)) {
        await this.store.add(keptOut(scan, this.now()));
        await this.#count();
      }
    }
  }

  /** How many of a ticket may still go in, by what this device knows. The service may know better. */
  async left(ticket) {
    const { ticket_id: ticketId } = ticket;
    const known = knownOf(ticketId, { held: this.#held, seen: this.#seen.get(ticketId) });
    const entries = await this.store.ofTicket(this.eventId, ticketId).catch(() => []);
    return leftOf(ticket, known, entries);
  }

  /** The service's answer, or null. Then it may still have counted the scan: see `unanswered`. */
  async #ask(scan) {
    const { scan_id, event_id, shown, people, gate } = scan;
    const { token, ticket_id, ticket_code } = shown;
    const named = token ? { token } : ticket_id ? { ticket_id } : { ticket_code };
    const body = { event_id, ...named, ...(people && { admit: people }), scan_id, gate };
    // Offline, do not wait for the service. `refresh` notices when it is back.
    const tries = this.online ? 2 : 0;
    for (let each = 0; each < tries; each += 1) {
      try {
        const answer = await this.service.checkIn(body);
        this.#hears();
        this.#sees(answer);
        return { ...answer, entry: await this.#noteAdmitted(scan, answer) };
      } catch (error) {
        scan.unanswered ||= error instanceof NoAnswer;
        if (!this.#isCut(error)) {
          throw error;
        }
      }
      if (this.refused) {
        break;
      }
    }
    return null;
  }

  #sees({ ticket_id, outcome, quantity, left }) {
    if (["admitted", "already_admitted", "too_many", "void"].includes(outcome)) {
      const isVoid = outcome === "void";
      this.#seen.set(ticket_id, { at: this.now(), isVoid, inside: quantity - left });
    }
  }

  /** Stores a scan that the service has counted, for times when the device is offline. */
  async #noteAdmitted(scan, answer) {
    if (answer.outcome !== "admitted") {
      return null;
    }
    const { people, ticket_id: ticketId } = answer;
    const entry = entryOf(scan, { people, ticketId, answer, now: this.now() });
    // They are counted, so they go in even if this device cannot write.
    await this.store.add(entry).catch(() => {});
    return entry;
  }

  async #decide(scan) {
    const { scan_id } = scan;
    const { token, ticket } = scan.shown;
    const { fault } = token ? await read(token, this.#keys) : { fault: "offline" };
    if (fault) {
      return { scan_id, offline: true, outcome: fault };
    }
    /** @type {ReturnType<typeof decide>} */
    let answer = null;
    let entry = null;
    await this.store.note(this.eventId, ticket.ticket_id, (entries) => {
      const now = this.now();
      const { eventId } = this;
      const { ticket_id: ticketId } = ticket;
      const [held, seen] = [this.#held, this.#seen.get(ticketId)];
      answer = decide({ ticket, eventId, people: scan.people, held, seen, entries, now });
      const { outcome, people: letIn } = answer;
      entry = outcome === "admitted" ? entryOf(scan, { people: letIn, ticketId, now }) : null;
      return entry;
    });
    await this.#count();
    return { scan_id, ...answer, entry };
  }

  /** Takes an entry back. Call it only after its people are out. */
  async undo(entry) {
    // It is not in the journal if the device could not write.
    await this.store.change(entry.scan_id, (noted = entry) => takenBack(noted, this.now()));
    await this.#count();
    // If it fails now, the next try may succeed.
    this.sync().catch(() => {});
  }

  /** Sends entries that are not synced. Two syncs at once would only send everything twice. */
  sync() {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async #sync() {
    try {
      const pending = await this.store.pending();
      for (const eventId of new Set(pending.map(({ event_id }) => event_id))) {
        const entries = pending.filter(({ event_id }) => event_id === eventId);
        await this.#syncEvent(eventId, entries).catch((error) => this.#passOver(eventId, error));
      }
    } catch (error) {
      if (!this.#isCut(error)) {
        throw error;
      }
    }
    await this.#count();
  }

  /** Entries of another event wait for a token that is valid for it; this gate continues. */
  #passOver(eventId, error) {
    if (eventId === this.eventId || !(error instanceof Refused) || error.status === 401) {
      throw error;
    }
  }

  async #syncEvent(eventId, entries) {
    const known = ({ answered_at }) => answered_at !== null;
    for (const { scan_id, ticket_id, ticket_code, token, gate } of entries.filter(known)) {
      const named = token ? { token } : ticket_code ? { ticket_code } : { ticket_id };
      const undone = this.service.undo({ event_id: eventId, ...named, scan_id, gate });
      await undone.catch((error) => this.#leave(error));
      await this.#answered({ scan_id, undo: true }, {});
      this.#hears();
    }
    const items = itemsOf(entries.filter((entry) => !known(entry)));
    for (let start = 0; start < items.length; start += LARGEST_SYNC) {
      const scans = items.slice(start, start + LARGEST_SYNC);
      const sent_at = new Date(this.now()).toISOString();
      const { results } = await this.service.sync({ event_id: eventId, sent_at, scans });
      for (const [index, { outcome }] of results.entries()) {
        const entry = await this.#answered(scans[index], { outcome });
        this.notAccepted += Number(isNotAccepted(entry) && !scans[index].undo);
      }
      this.#hears();
    }
  }

  /** An invalid entry stays invalid, and must not block the others. */
  #leave(error) {
    if (!(error instanceof Refused) || ![400, 422].includes(error.status)) {
      throw error;
    }
  }

  /** @param {{ scan_id: string, undo?: boolean }} scan @param {{ outcome?: string }} said */
  #answered({ scan_id, undo = false }, { outcome }) {
    const change = (entry) => answered(entry, { undo, outcome }, this.now());
    return this.store.change(scan_id, change);
  }

  /** Fetches keys and list after the journal was sent, so that the list contains its entries. */
  async refresh() {
    await this.sync();
    try {
      this.#keys = await this.service.keys();
      await this.store.keep("keys", this.#keys);
      const askedAt = this.now();
      const jws = await this.service.gateList(this.eventId);
      const fetched = { jws, askedAt, gotAt: this.now() };
      if (await this.#hold(fetched)) {
        await this.store.keep(`list ${this.eventId}`, fetched);
        await this.#prune();
      }
      this.#hears();
    } catch (error) {
      if (!this.#isCut(error)) {
        throw error;
      }
    }
    this.onChange();
  }

  async #hold({ jws, askedAt, gotAt }) {
    const list = await readGateList(jws, { eventId: this.eventId, keys: this.#keys });
    if (list !== null) {
      this.#held = { list, askedAt, gotAt };
    }
    return list !== null;
  }

  /** Runs once after the page was opened. The list that was just fetched contains these people. */
  async #prune() {
    if (!this.#pruned) {
      this.#pruned = true;
      await this.store.prune((entry) => isOver(entry, this.now()));
    }
  }

  #hears() {
    [this.online, this.refused] = [true, null];
    this.onChange();
  }

  /** Records that the service does not answer, or rejects this device, so that the page decides. */
  #isCut(error) {
    if (error instanceof Refused && [401, 403].includes(error.status)) {
      [this.online, this.refused] = [false, error];
    } else if (error instanceof NoAnswer) {
      this.online = false;
    } else {
      return false;
    }
    this.onChange();
    return true;
  }

  async #count() {
    this.unsynced = await this.store.pendingCount();
    this.onChange();
  }
}
