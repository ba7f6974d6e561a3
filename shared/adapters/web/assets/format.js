// Figures in words, as the server writes them. Pure: amounts stay decimal strings, only drawing makes numbers of them.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const PLATFORMS = {
  claude_code: "Claude Code", claude_ai: "Claude.ai", claude_api: "Claude API", cursor: "Cursor", unattributed: "Unattributed",
};

/** The order of platforms everywhere. */
export const PLATFORM_ORDER = Object.keys(PLATFORMS);

/** A decimal string as whole units of 10^-places, rounded half away from zero. */
function scaled(text, places) {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(String(text));
  if (!match) return null;
  const [, sign, whole, fraction = ""] = match;
  const digits = BigInt(whole + fraction.padEnd(places, "0").slice(0, places));
  const up = Number(fraction[places] ?? "0") >= 5 ? 1n : 0n;
  return (sign ? -1n : 1n) * (digits + up);
}

/** A decimal string with a fixed number of decimals and commas between thousands. */
export function fixed(text, places) {
  const units = scaled(text, places);
  if (units === null) return String(text);
  const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return (units < 0n ? "-" : "") + whole + (places ? "." + digits.slice(-places) : "");
}

/** The exact sum of decimal strings, as a decimal string. */
export function sum(texts) {
  const total = texts.reduce((so_far, text) => so_far + (scaled(text, 9) ?? 0n), 0n);
  const digits = String(total < 0n ? -total : total).padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  return (total < 0n ? "-" : "") + digits.slice(0, -9) + (fraction ? "." + fraction : "");
}

/** For drawing only. */
export function number(value) {
  return value === null || value === undefined ? null : Number(value);
}

/** With the sign before the dollar; what rounds to nothing has none. */
function dollars(text) {
  const bare = text.replace("-", "");
  return text.startsWith("-") && /[1-9]/.test(bare) ? `-$${bare}` : `$${bare}`;
}

/** Whole dollars from $100, cents below. */
export function usd(value) {
  return dollars(fixed(value, Math.abs(number(value)) >= 100 || number(value) === 0 ? 0 : 2));
}

export function unitCost(value) {
  return dollars(fixed(value, 3));
}

/** A fraction in percent: two more places to the left, so that no float rounds twice. */
export function percent(value, places = 1) {
  const match = /^(-?)(\d+)(?:\.(\d*))?$/.exec(String(value));
  if (!match) return String(value);
  const [, sign, whole, fraction = ""] = match;
  const shifted = fraction.padEnd(2, "0");
  return fixed(`${sign}${whole}${shifted.slice(0, 2)}.${shifted.slice(2) || "0"}`, places) + "\u00A0%";
}

export function day(iso) {
  const [year, month, date] = iso.split("-").map(Number);
  return `${date} ${MONTHS[month - 1]} ${year}`;
}

export function dayShort(iso) {
  const [, month, date] = iso.split("-").map(Number);
  return `${date} ${MONTHS[month - 1]}`;
}

export function month(iso) {
  const [year, month] = iso.split("-").map(Number);
  return `${MONTHS[month - 1]} ${year}`;
}

export function monthShort(iso) {
  return MONTHS[Number(iso.slice(5, 7)) - 1];
}

export function platform(key) {
  return PLATFORMS[key] ?? key;
}

/** A value of a card in words, by the type of its column. */
export function words(value, type) {
  if (value === null || value === undefined) return "n/a";
  switch (type) {
    case "usd": return usd(value);
    case "usd_unit": return unitCost(value);
    case "percent": return percent(value);
    case "integer": return fixed(value, 0);
    case "number": return fixed(value, Math.abs(number(value)) < 100 && number(value) % 1 ? 1 : 0);
    case "day": return day(value);
    case "week": return "week of " + day(value);
    case "month": return month(value);
    case "platform": return platform(value);
    default: return String(value);
  }
}

/** The last day of the period that begins on `iso`. */
export function lastDay(iso, type) {
  const [year, month, date] = iso.split("-").map(Number);
  if (type === "day") return iso;
  const end = type === "week" ? new Date(Date.UTC(year, month - 1, date + 6)) : new Date(Date.UTC(year, month, 0));
  return end.toISOString().slice(0, 10);
}
