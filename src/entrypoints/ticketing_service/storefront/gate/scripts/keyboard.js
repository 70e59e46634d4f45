// Scanners that type ("keyboard wedges"). Most of them pretend to be a US keyboard, so on a machine
// with another layout, or with Caps Lock on, the text arrives wrong: `y` for `z`, `ß` for `-`.

import { PREFIX, isToken } from "./token.js";

/** A scan without a final Enter or Tab ends after such a pause. Scanners type far faster. */
const SILENCE_MS = 100;
/** How often to wait again for the rest of a token: a busy page gets its keys late. */
const PATIENCE = 5;
/** Fewer keys in one go come from a person. */
const SHORTEST_SCAN = 6;
const UNKNOWN = "\ufffd";

/** What this key of a US keyboard types, among the characters of a token. */
function usCharacter({ code, shiftKey }) {
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) {
    return shiftKey ? letter[1] : letter[1].toLowerCase();
  }
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  if (digit) {
    return digit[1];
  }
  if (code === "Minus") {
    return shiftKey ? "_" : "-";
  }
  return code === "Period" || code === "NumpadDecimal" ? "." : UNKNOWN;
}

function caseInverted(text) {
  return text.replace(/[a-z]/gi, (each) =>
    each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase(),
  );
}

/**
 * Returns the token that was typed, or null. Each keystroke is `{key, code, shiftKey}`. Of the four
 * possible readings, the right one has the constant beginning of all tokens. It may follow a prefix
 * of the scanner, or a scan that was cut short.
 */
export function tokenTyped(strokes) {
  const asShown = strokes.map(({ key }) => (key.length === 1 ? key : UNKNOWN)).join("");
  const asUs = strokes.map(usCharacter).join("");
  for (const text of [asShown, asUs, caseInverted(asShown), caseInverted(asUs)]) {
    const start = text.lastIndexOf(PREFIX);
    if (start >= 0 && isToken(text.slice(start))) {
      return text.slice(start);
    }
  }
  return null;
}

function isCutShort(strokes) {
  const asUs = strokes.map(usCharacter).join("");
  const asShown = strokes.map(({ key }) => key).join("");
  const typed = [asUs, asShown].flatMap((text) => [text, caseInverted(text)]);
  return typed.some((text) => text.includes(PREFIX.slice(0, SHORTEST_SCAN)));
}

/**
 * Distinguishes scanners from people by the speed of typing.
 *
 * `onScan` is called with the text of a scan, `onKey` with a key that was pressed alone: a digit in a
 * scan must not choose anything.
 */
export class Keyboard {
  #strokes = [];
  #timer = null;
  #waited = 0;
  #endedAt = -Infinity;

  constructor({ onScan, onKey }) {
    this.onScan = onScan;
    this.onKey = onKey;
  }

  /**
   * Handles a pressed key. `inField` says whether a field gets it as well. Returns whether to prevent
   * its default: the Enter after a scan would press the button that has the focus.
   */
  press({ key, code, shiftKey, ctrlKey, altKey, metaKey, repeat, timeStamp }, inField) {
    if (key === "Enter" || key === "Tab") {
      return this.#end(timeStamp, inField);
    }
    const shortcut = (ctrlKey || altKey || metaKey) && !(ctrlKey && altKey);
    // A key that repeats is being held down, and is not a code.
    if (shortcut || repeat || (key.length > 1 && key !== "Dead")) {
      return false;
    }
    this.#strokes.push({ key, code, shiftKey });
    this.#waited = 0;
    this.#wait(inField);
    // A space in a scan would press a button as well.
    return key === " " && !inField && this.#strokes.length > 1;
  }

  #wait(inField) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#silence(inField), SILENCE_MS);
  }

  #silence(inField) {
    const whole = tokenTyped(this.#strokes) !== null;
    if (!whole && this.#waited < PATIENCE && isCutShort(this.#strokes)) {
      this.#waited += 1;
      this.#wait(inField);
      return;
    }
    this.#tell(inField);
  }

  /** Handles Enter or Tab: the end of a scan or of its second half, or a key of a person. */
  #end(timeStamp, inField) {
    if (this.#strokes.length > 1 && (!inField || tokenTyped(this.#strokes) !== null)) {
      this.#endedAt = timeStamp;
      this.#tell(inField);
      return true;
    }
    if (this.#strokes.length > 0) {
      this.#tell(inField);
    }
    return timeStamp - this.#endedAt < SILENCE_MS;
  }

  #tell(inField) {
    clearTimeout(this.#timer);
    const strokes = this.#strokes;
    this.#strokes = [];
    const token = tokenTyped(strokes);
    if (token !== null) {
      this.onScan(token);
    } else if (!inField && strokes.length >= SHORTEST_SCAN) {
      this.onScan(strokes.map(({ key }) => key).join(""));
    } else if (!inField && strokes.length === 1) {
      this.onKey(strokes[0].key);
    }
  }
}
