// What the numbers on the page must be, worked out here a second time from the counts in its sentences.

/** The counts that a cell's sentence tells. */
export interface Told {
  /** "Week of 6 Jan 2025", or "All finished cohorts". */
  row: string;
  period: number;
  retained: number;
  size: number;
  /** How many cohorts were pooled; null in a cohort's own row. */
  cohorts: number | null;
  /** As written: "26", "<1". */
  percent: string;
  /** Ends of the interval, as written. */
  interval: [string, string];
  /** "Unfinished: …", "Small cohort: …"; may be empty. */
  remarks: string;
}

const SENTENCE = new RegExp(
  [
    /^(?<row>.+?), (?:every \w+ from 1 to|\w+) (?<period>\d+)(?: or later| of those active in \w+ \d+)?: /,
    /(?<retained>[\d,]+) of (?<size>[\d,]+)(?: in (?<cohorts>[\d,]+) cohorts?)?, /,
    /(?<percent>[<>]?\d+)\u00a0%, /,
    /interval (?<low>[<>]?[\d.]+) to (?<high>[<>]?[\d.]+)\u00a0%\./,
    /(?<remarks>.*)$/,
  ]
    .map((part) => part.source)
    .join(""),
);

/** Reads a cell's sentence: "Week of 6 Jan 2025, week 4: 112 of 431, 26 %, interval 22 to 30 %." */
export function told(sentence: string): Told {
  const found = SENTENCE.exec(sentence)?.groups;
  if (!found) throw new Error(`not a cell's sentence: ${sentence}`);
  return {
    row: found["row"] ?? "",
    period: Number(found["period"]),
    retained: whole(found["retained"] ?? ""),
    size: whole(found["size"] ?? ""),
    cohorts: found["cohorts"] === undefined ? null : whole(found["cohorts"]),
    percent: found["percent"] ?? "",
    interval: [found["low"] ?? "", found["high"] ?? ""],
    remarks: (found["remarks"] ?? "").trim(),
  };
}

/** "7,647" */
export function whole(text: string): number {
  return Number(text.replaceAll(",", ""));
}

/** 7647 as "7,647". */
export function thousands(count: number): string {
  return count.toString().replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A share as pages write it, without its sign: never 0 for some, never 100 for not all. */
export function percent(retained: number, size: number): string {
  const rounded = Math.round((retained / size) * 100);
  if (retained > 0 && rounded < 1) return "<1";
  if (retained < size && rounded >= 100) return ">99";
  return rounded.toString();
}

/** Wilson's 95 % interval of a share, from 0 to 1 (Wilson 1927). */
export function wilson(retained: number, size: number): [number, number] {
  const z = 1.959963984540054;
  const share = retained / size;
  const middle = share + (z * z) / (2 * size);
  const reach = z * Math.sqrt((share * (1 - share)) / size + (z * z) / (4 * size * size));
  const scale = 1 + (z * z) / size;
  return [Math.max(0, (middle - reach) / scale), Math.min(1, (middle + reach) / scale)];
}

/** Whether a written percentage ("22", "<1", "21.3") is this share, rounded as written. */
export function writes(text: string, share: number): boolean {
  const percent = share * 100;
  if (text.startsWith("<")) return percent < 0.5;
  if (text.startsWith(">")) return percent >= 99.5;
  const digits = text.split(".")[1]?.length ?? 0;
  return Math.abs(Number(text) - percent) <= 0.5 * 10 ** -digits + 1e-9;
}
