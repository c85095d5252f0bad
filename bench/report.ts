/**
 * What the benches have in common on the way out: flags, lines on standard
 * output, figures as text, and sections of bench/RESULTS.md.
 */

import manifest from "../deno.json" with { type: "json" };
import { shell } from "./servers.ts";

const encoder = new TextEncoder();

/** The middle one, or the upper of two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A whole number as people write it: `1,234`. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** The machine and the versions, for whoever compares with another. */
export function circumstances(others: string): string[] {
  const cpu = /model name\s*:\s*(.+)/.exec(shell("cat /proc/cpuinfo"))?.[1] ??
    "unknown processor";
  return [
    `- ${navigator.hardwareConcurrency} processors (${cpu}), ${Deno.build.os} ${Deno.osRelease()}, loopback, servers and load on the same machine`,
    `- midge ${manifest.version}, Deno ${Deno.version.deno} (V8 ${Deno.version.v8})`,
    `- ${others}`,
  ];
}

/** What stands behind `--name` on the command line. */
export function flag(name: string, otherwise: string): string {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? otherwise : Deno.args[at + 1] ?? otherwise;
}

/** A line on standard output. */
export function print(text: string): void {
  Deno.stdout.writeSync(encoder.encode(`${text}\n`));
}

/** Puts `parts` in the place of a section of RESULTS.md, or at its end. */
export async function writeSection(
  title: string,
  parts: readonly string[],
): Promise<void> {
  const file = new URL("RESULTS.md", import.meta.url);
  const [head, ...sections] = (await Deno.readTextFile(file)).split(/^## /m);
  const text = [title, ...parts].join("\n\n");
  const at = sections.findIndex((one) => one.startsWith(`${title}\n`));
  sections.splice(at < 0 ? sections.length : at, 1, text);
  const pieces = [head, ...sections].map((one) => one.trim());
  await Deno.writeTextFile(file, `${pieces.join("\n\n## ")}\n`);
}
