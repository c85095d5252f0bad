/**
 * What the executable is asked to do: to serve, or one of the commands beside
 * that. Each is loaded when it is wanted, so that tools start fast.
 */

/**
 * Does what the arguments behind the program's name say and returns the exit
 * code. Never throws for what a user can get wrong.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case "pub":
      return await (await import("./pub.ts")).pub(rest);
    case "sub":
      return await (await import("./sub.ts")).sub(rest);
    case "req":
      return await (await import("./req.ts")).req(rest);
    case "top":
      return await (await import("./top.ts")).top(rest);
    case "mkpasswd":
      return await (await import("./mkpasswd.ts")).mkpasswd(rest);
    default:
      return await (await import("./serve.ts")).runServer(args);
  }
}
