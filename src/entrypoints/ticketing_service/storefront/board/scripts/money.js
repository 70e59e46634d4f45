// Amounts in minor units: how they are shown, and how a written one is read.

const NONE = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);

/** How many decimals card payments give a currency; not always what browsers know (ISO 4217). */
export function decimals(currency) {
  const code = currency.toLowerCase();
  return NONE.has(code) ? 0 : THREE.has(code) ? 3 : 2;
}

/** Writes minor units as a plain number: 2500 is 25.00 in USD. */
export function plainAmount(minor, currency) {
  const places = decimals(currency);
  const digits = String(Math.abs(minor)).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = places ? `.${digits.slice(-places)}` : "";
  return `${minor < 0 ? "-" : ""}${whole}${fraction}`;
}

export function money(minor, currency, locale = "en") {
  const places = decimals(currency);
  const options = { style: "currency", currency, minimumFractionDigits: places, maximumFractionDigits: places };
  // As text, since a division would round large amounts.
  return new Intl.NumberFormat(locale, options).format(plainAmount(minor, currency));
}

/**
 * Returns the minor units of a written amount such as 25 or 25.00; null if it is none, or finer
 * than the currency. A comma could group thousands or begin the decimals, so there is none.
 */
export function parseAmount(text, currency) {
  const found = /^([0-9]{1,15})(?:\.([0-9]{1,3}))?$/.exec(text.trim());
  const places = decimals(currency);
  if (!found || (found[2] ?? "").length > places) {
    return null;
  }
  const minor = Number(found[1] + (found[2] ?? "").padEnd(places, "0"));
  return Number.isSafeInteger(minor) ? minor : null;
}
