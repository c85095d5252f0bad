/** What the README shows, for tests that run it. */

/** All of it. */
export const README: string = await Deno.readTextFile(
  new URL("../../README.md", import.meta.url),
);

/** The first fenced block of a language that contains `text`. */
export function block(language: string, text: string): string {
  for (const [, lang, body] of README.matchAll(/```(\w+)\n(.*?)```/gs)) {
    if (lang === language && body.includes(text)) return body;
  }
  throw new Error(`README has no ${language} block with "${text}"`);
}
