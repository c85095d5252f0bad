/** What the soak has found, as tables, curves and a verdict. */

import { thousands } from "./report.ts";
import type { EmbeddedOutcome } from "./soak_embedded.ts";
import type { Observed, Usage, Varz } from "./soak_process.ts";
import type { World } from "./soak_world.ts";

/** Growth of memory after warm-up that is none. */
export const MOST_GROWTH = 0.1;
/** Columns of a curve. */
const COLUMNS = 60;
const BARS = "▁▂▃▄▅▆▇█";

/** What a process used at one time. */
export interface Sample extends Usage {
  /** Seconds since the load began. */
  readonly at: number;
  /** See `Observed`. */
  readonly heapMb: number;
}

/** A process and what it used over time. */
export interface Course {
  /** Whose it is. */
  readonly process: Observed;
  /** How it is called in the report. */
  readonly title: string;
  /** It stays up, so its memory must stay, too. */
  readonly judged: boolean;
  /** In the order of time. */
  readonly samples: Sample[];
  /** Open files before the load. */
  fdsBefore: number;
  /** Open files after it. */
  fdsAfter: number;
}

/** Mean of the fifth after warm-up, and of the last one. */
function fifths(
  samples: readonly Sample[],
  value: (sample: Sample) => number,
): [number, number] {
  const fifth = Math.floor(samples.length / 5);
  const mean = (part: readonly Sample[]) => {
    const known = part.map(value).filter((one) => !Number.isNaN(one));
    return known.reduce((sum, one) => sum + one, 0) / known.length;
  };
  return [mean(samples.slice(fifth, 2 * fifth)), mean(samples.slice(-fifth))];
}

/** Growth of resident memory as a fraction. */
function growthOf({ samples }: Course): number {
  const [early, late] = fifths(samples, ({ rssMb }) => rssMb);
  return late / early - 1;
}

/** What is wrong with memory and files, in words. */
export function leaks(courses: readonly Course[]): string[] {
  return courses.filter(({ judged }) => judged).flatMap((course) => {
    const { title, fdsBefore, fdsAfter } = course;
    const growth = growthOf(course);
    const found: string[] = [];
    if (!(growth <= MOST_GROWTH)) {
      found.push(`${title}: memory grew by ${percent(growth)}`);
    }
    if (fdsAfter > fdsBefore) {
      found.push(`${title}: ${fdsAfter - fdsBefore} files still open`);
    }
    return found;
  });
}

/** Memory, open files and processor time of each process. */
export function processTable(courses: readonly Course[]): string {
  const lines = [
    "| process | RSS MB after warm-up | at the end | growth | heap MB after warm-up | at the end | open files before / most / after | CPU |",
    "|---|---|---|---|---|---|---|---|",
  ];
  for (const course of courses) {
    const { title, judged, samples, fdsBefore, fdsAfter } = course;
    const [early, late] = fifths(samples, ({ rssMb }) => rssMb);
    const [heap, lastHeap] = fifths(samples, ({ heapMb }) => heapMb);
    const most = Math.max(...samples.map(({ fds }) => fds));
    const growth = judged ? percent(growthOf(course)) : "not judged";
    lines.push(
      `| ${title} | ${fixed(early)} | ${fixed(late)} | ${growth} | ${
        fixed(heap)
      } | ${fixed(lastHeap)} | ${fdsBefore} / ${most} / ${fdsAfter} | ${
        percent(cpuOf(samples))
      } |`,
    );
  }
  return lines.join("\n");
}

/** Share of a processor, over all samples; restarts begin anew. */
function cpuOf(samples: readonly Sample[]): number {
  let used = 0;
  for (let i = 1; i < samples.length; i++) {
    used += Math.max(0, samples[i].cpuSeconds - samples[i - 1].cpuSeconds);
  }
  return used / ((samples.at(-1)?.at ?? NaN) - samples[0].at);
}

/** Resident memory over time, a line for each process. */
export function curves(courses: readonly Course[]): string {
  const width = Math.max(...courses.map(({ title }) => title.length));
  const lines = courses.map(({ title, samples }) => {
    const values = samples.map(({ rssMb }) => rssMb);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const bars = columns(values).map((value) => {
      const share = high === low ? 0 : (value - low) / (high - low);
      return BARS[Math.round(share * (BARS.length - 1))];
    });
    const range = `${low.toFixed(0)}–${high.toFixed(0)} MB`;
    return `${title.padEnd(width)}  ${bars.join("")}  ${range}`;
  });
  return ["```", ...lines, "```"].join("\n");
}

/** As many values as fit, each the mean of its share. */
function columns(values: readonly number[]): number[] {
  const count = Math.min(COLUMNS, values.length);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((at) =>
      Math.floor(at * values.length / count)
    );
    const part = values.slice(from, to);
    return part.reduce((sum, one) => sum + one, 0) / part.length;
  });
}

/** How to read the table of processes. */
export const FILLED =
  "What is bounded fills up: `a` and `b` are given more subjects than they remember before the load begins; the embedded server is not, and its cache of subjects grows as it goes.";

/** How to read the table of messages. */
export const PROMISES =
  "Promised: *each* message once and in order; each once to one of a *group*; *once at most*, as some are lost with `c` and its links.";

/** Each series, and what everybody got of it. */
export function messageTable({ ledger }: World): string {
  const lines = [
    "| messages | sent | to | promised | received | doubled |",
    "|---|---|---|---|---|---|",
  ];
  for (const { name, sent, receipts } of ledger.series) {
    for (const receipt of receipts) {
      lines.push(
        `| ${name} | ${thousands(sent)} | ${
          receipt.name.replace(`${name} → `, "")
        } | ${receipt.promised} | ${
          thousands(receipt.received)
        } | ${receipt.doubled} |`,
      );
    }
  }
  return lines.join("\n");
}

/** Everything else that was counted. */
export function countList(world: World, embedded: EmbeddedOutcome): string {
  const { servers, counter, slowestRecoveryMs } = world;
  const counts = [...counter].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([what, count]) => `${what} ${thousands(count)}`);
  const reloads = servers.reduce((sum, { reloads }) => sum + reloads, 0);
  return [
    ...counts,
    `reloads ${reloads}`,
    `slowest to be linked again after a flap ${
      (slowestRecoveryMs / 1000).toFixed(1)
    } s`,
    `embedded: ${thousands(embedded.sent)} messages sent, ${
      thousands(embedded.received)
    } received, ${thousands(embedded.requests)} requests, ${
      thousands(embedded.visits)
    } visits by both clients, ${
      thousands(embedded.servers)
    } servers started and shut down`,
  ].map((line) => `- ${line}`).join("\n");
}

/** What monitoring says in the end of who is left, if anybody is. */
export function leftovers(name: string, before: Varz, after: Varz): string[] {
  const keys = ["connections", "subscriptions", "routes"] as const;
  return keys.filter((key) => after[key] !== before[key]).map((key) =>
    `${name} ends with ${after[key]} ${key}, and began with ${before[key]}`
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function fixed(value: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(1);
}
