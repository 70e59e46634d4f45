// The texts for each answer. `kind` is its colour and sound: yes, mark (yes, with a warning) or no.

const VOID = {
  cancelled: "The order was cancelled.",
  expired: "It was never paid.",
  refunding: "It was refunded.",
  refunded: "It was refunded.",
};

const NO = {
  already_admitted: { title: "Already inside" },
  // Offline: the list does not say which.
  void: { title: "Not valid", detail: "It was given up or refunded." },
  not_paid: { title: "Not paid", detail: "The payment has not arrived." },
  wrong_event: { title: "Other event" },
  withdrawn: { title: "Scan again", detail: "This scan was taken back." },
  not_on_record: {
    title: "Not on record",
    detail: "The ticket is genuine, but the service does not have it. Ask who is in charge.",
  },
  forged: { title: "Not genuine", detail: "This ticket was not made by us." },
  unknown_key: {
    title: "Cannot be checked",
    detail: "It is signed with a key that is not known here. Ask who is in charge.",
  },
  offline: {
    title: "Not checked",
    detail: "This device is offline, and can check a QR code only, not a number.",
  },
  foreign: { title: "Not a ticket", detail: "This code is something else, or a part of a ticket." },
  no_code: { title: "No code found", detail: "There is no QR code in this picture that can be read." },
  several: { title: "Several codes", detail: "Read a picture of one code at a time." },
  failed: { title: "Not checked" },
  not_undone: { title: "Not taken back" },
};

export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function peopleIn(number) {
  return number === 1 ? "1 person" : `${number} people`;
}

function marksOf({ disputed, partly_refunded, unchecked }) {
  return [
    disputed && "The payment is disputed. They may go in.",
    partly_refunded && "Partly refunded. All of them may go in.",
    unchecked && "There is no recent list: refunds and other gates are not known.",
  ].filter(Boolean);
}

function admitted(answer) {
  const { people, left, quantity, offline } = answer;
  const marks = marksOf(answer);
  const still = left > 0 ? `${left} left` : quantity > 1 ? "Nobody left" : "";
  return {
    kind: marks.length > 0 ? "mark" : "yes",
    title: quantity === 1 ? "Let in" : `Let ${people} in`,
    still,
    details: [...marks, ...(offline ? ["Decided offline."] : [])],
  };
}

function detailOf({ outcome, why, last, event_id, event_name, message }) {
  if (outcome === "already_admitted" && last) {
    const by = last.by ? `, by ${last.by}` : "";
    return `Last at ${clock(last.at)}, ${last.gate}${by}.`;
  }
  if (outcome === "wrong_event") {
    return `It is for ${event_name ?? `event ${event_id}`}.`;
  }
  return message ?? (outcome === "void" ? VOID[why] : undefined) ?? NO[outcome]?.detail;
}

export function wordsFor(answer) {
  if (answer.outcome === "admitted") {
    return admitted(answer);
  }
  const decided = answer.offline && answer.outcome !== "offline";
  const details = [detailOf(answer), decided && "Decided offline."].filter(Boolean);
  if (answer.outcome === "too_many") {
    return { kind: "no", title: `Only ${answer.left} left`, still: "", details };
  }
  const { title } = NO[answer.outcome] ?? { title: answer.outcome };
  return { kind: "no", title, still: "", details };
}

/** The age of a list, as text. */
export function inWords(seconds) {
  if (seconds < 120) {
    return `${Math.round(seconds)} seconds`;
  }
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
