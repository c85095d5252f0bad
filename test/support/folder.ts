/** Files for a test, in a folder of their own. */

/** A folder of files, gone at the end of the block. */
export class Folder implements Disposable {
  /** Where it is. */
  readonly path: string = Deno.makeTempDirSync();

  /** `files` are texts by name. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Writes a file anew. */
  write(name: string, text: string): void {
    Deno.writeTextFileSync(this.file(name), text);
  }

  /** The text of a file. */
  read(name: string): string {
    return Deno.readTextFileSync(this.file(name));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
