// The storage of the device, in IndexedDB: the journal, and the list and keys for decisions.

const NAME = "ticketing-gate";

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const journal = request.result.createObjectStore("journal", { keyPath: "scan_id" });
    journal.createIndex("of_ticket", ["event_id", "ticket_id"]);
    // Only entries that are not synced have this member.
    journal.createIndex("pending", "pending");
    request.result.createObjectStore("kept");
  };
  return done(request);
}

export async function openStore() {
  const store = new Store();
  await store.transaction("journal");
  return store;
}

class Store {
  #database = null;

  async transaction(name, mode = "readonly") {
    if (this.#database === null) {
      this.#database = await openDatabase();
      // Somebody cleared the browser's data. The gate continues with a new journal.
      this.#database.onclose = () => {
        this.#database = null;
      };
    }
    return this.#database.transaction(name, mode, { durability: "strict" });
  }

  /**
   * Calls `choose` with the entries of a ticket, and writes the entry that it returns, if any, in one
   * transaction: of two tabs that read the same ticket, the second sees the entry of the first. The
   * entry is on disk when this returns.
   */
  async note(eventId, ticketId, choose) {
    const transaction = await this.transaction("journal", "readwrite");
    const written = committed(transaction);
    const journal = transaction.objectStore("journal");
    const entries = await done(journal.index("of_ticket").getAll([eventId, ticketId]));
    const entry = choose(entries);
    if (entry) {
      journal.put(entry);
    }
    await written;
  }

  /** Writes an entry. It is on disk when this returns. */
  async add(entry) {
    const transaction = await this.transaction("journal", "readwrite");
    const written = committed(transaction);
    transaction.objectStore("journal").put(entry);
    await written;
  }

  /** Changes an entry in one transaction, and returns the new one. */
  async change(scanId, changed) {
    const transaction = await this.transaction("journal", "readwrite");
    const written = committed(transaction);
    const journal = transaction.objectStore("journal");
    const entry = changed(await done(journal.get(scanId)));
    journal.put(entry);
    await written;
    return entry;
  }

  /** Deletes entries, each after a check in the same transaction. */
  async prune(isOver) {
    const transaction = await this.transaction("journal", "readwrite");
    const written = committed(transaction);
    const journal = transaction.objectStore("journal");
    for (const entry of (await done(journal.getAll())).filter(isOver)) {
      journal.delete(entry.scan_id);
    }
    await written;
  }

  async #journal() {
    return (await this.transaction("journal")).objectStore("journal");
  }

  async ofTicket(eventId, ticketId) {
    return done((await this.#journal()).index("of_ticket").getAll([eventId, ticketId]));
  }

  async pending() {
    return done((await this.#journal()).index("pending").getAll());
  }

  async pendingCount() {
    return done((await this.#journal()).index("pending").count());
  }

  async entries() {
    return done((await this.#journal()).getAll());
  }

  async kept(name) {
    return done((await this.transaction("kept")).objectStore("kept").get(name));
  }

  async keep(name, value) {
    const transaction = await this.transaction("kept", "readwrite");
    transaction.objectStore("kept").put(value, name);
    await committed(transaction);
  }
}
