// Wall times in the time zone of an event, and the instants that they are.

const MINUTE_MS = 60_000;
/** No zone is further from UTC, and no zone changes its offset twice within two of these. */
const DAY_MS = 24 * 60 * MINUTE_MS;

const clocks = new Map();

function clockOf(zone) {
  if (!clocks.has(zone)) {
    const two = "2-digit";
    const parts = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two };
    clocks.set(zone, new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone, hourCycle: "h23" }));
  }
  return clocks.get(zone);
}

export function isZone(zone) {
  try {
    return Boolean(clockOf(zone));
  } catch {
    return false;
  }
}

/** What the clocks of a zone show at an instant, as if it were UTC: milliseconds. */
function shownAt(milliseconds, zone) {
  const parts = clockOf(zone).formatToParts(milliseconds);
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    parts.map(({ type, value }) => [type, value]),
  );
  return Date.parse(`${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** How far the clocks of a zone are ahead of UTC: milliseconds. */
function offsetAt(milliseconds, zone) {
  const whole = Math.floor(milliseconds / 1000) * 1000;
  return shownAt(whole, zone) - whole;
}

/** The wall time of an instant, to the minute, as a datetime-local field takes it. */
export function wallTime(instant, zone) {
  return new Date(shownAt(Date.parse(instant), zone)).toISOString().slice(0, 16);
}

/**
 * Returns the instants, as ISO texts, at which the clocks of a zone show a wall time: mostly one;
 * none when clocks are put forward past it; two, the earlier one first, when they are put back.
 */
export function instantsOf(wall, zone) {
  const naive = Date.parse(`${wall}Z`);
  const offsets = [naive - DAY_MS, naive + DAY_MS].map((around) => offsetAt(around, zone));
  return [...new Set(offsets.map((offset) => naive - offset))]
    .filter((each) => shownAt(each, zone) === naive)
    .sort((one, other) => one - other)
    .map((each) => new Date(each).toISOString());
}

/** A zone's offset at an instant in words, such as UTC+02:00. */
export function offsetInWords(instant, zone) {
  const minutes = Math.round(offsetAt(Date.parse(instant), zone) / MINUTE_MS);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return `UTC${minutes < 0 ? "-" : "+"}${two(hours)}:${two(rest)}`;
}
