// @ts-check
// What the browser keeps for the shop. Its storage may be blocked or full; then the window's name
// keeps it, which lasts until the tab leaves the shop.

/** @returns {Record<string, string>} */
function spare() {
  try {
    return { ...JSON.parse(window.name) };
  } catch {
    return {};
  }
}

/** @param {() => Storage} storage Reading the property itself may throw. */
function keeper(storage) {
  return {
    /** @returns {string | null} */
    get(name) {
      try {
        return spare()[name] ?? storage().getItem(name);
      } catch {
        return null;
      }
    },
    /** @param {string | null} value null removes it */
    set(name, value) {
      const { [name]: _, ...rest } = spare();
      try {
        value === null ? storage().removeItem(name) : storage().setItem(name, value);
      } catch {
        rest[name] = value;
      }
      window.name = JSON.stringify(rest);
    },
  };
}

/** Kept for this tab. */
export const tab = keeper(() => sessionStorage);
/** Kept for every visit. */
export const browser = keeper(() => localStorage);
