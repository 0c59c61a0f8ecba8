// Dates as addresses and sentences write them.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;

/** So many days ago: "2025-01-06". */
export function daysAgo(days: number): string {
  return iso(Date.now() - days * DAY_MS);
}

/** The Monday of a date's week. */
export function monday(date: string): string {
  const at = Date.parse(date);
  return iso(at - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS);
}

/** "2025-01-06" as "6 Jan 2025". */
export function inWords(date: string): string {
  const [year, month, day] = date.split("-").map(Number);
  return `${day} ${MONTHS[(month ?? 0) - 1]} ${year}`;
}

function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
