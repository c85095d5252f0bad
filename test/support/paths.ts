/** Where the files of the project are, whatever the folder it lies in is called. */

import { fileURLToPath } from "node:url";

/** The path of a file or folder, by its name below the top. */
export function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

/** What starts midge. */
export const MAIN: string = pathOf("main.ts");
