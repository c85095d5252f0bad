/**
 * What the process is permitted to do, looked up before it is done. Where that
 * is not granted, Deno would ask at a terminal, and every connection would wait
 * for the answer; here it is an error that names the flag.
 */

/** Whether this is granted, without asking anybody. */
export function granted(wanted: Deno.PermissionDescriptor): boolean {
  const { state, partial } = Deno.permissions.querySync(wanted);
  return state === "granted" && !partial;
}

/**
 * Throws `Deno.errors.NotCapable` unless this is granted: `not permitted: run
 * with FLAG`.
 */
export function demand(wanted: Deno.PermissionDescriptor): void {
  if (granted(wanted)) return;
  throw new Deno.errors.NotCapable(
    `not permitted: run with ${flagOf(wanted)}`,
  );
}

/** As `demand`, for connecting to an address or listening there. */
export function demandNet(hostname: string, port: number): void {
  const host = hostname.includes(":") && !hostname.startsWith("[")
    ? `[${hostname}]`
    : hostname;
  demand({ name: "net", host: `${host}:${port}` });
}

/** A variable of the environment; without the permission, as if not set. */
export function environment(variable: string): string | undefined {
  return granted({ name: "env", variable })
    ? Deno.env.get(variable)
    : undefined;
}

function flagOf(wanted: Deno.PermissionDescriptor): string {
  const flag = `--allow-${wanted.name}`;
  const scope = scopeOf(wanted);
  return scope === undefined ? flag : `${flag}=${scope}`;
}

function scopeOf(wanted: Deno.PermissionDescriptor) {
  switch (wanted.name) {
    case "net":
      return wanted.host;
    case "read":
    case "write":
      return wanted.path;
    case "env":
      return wanted.variable;
    case "sys":
      return wanted.kind;
    default:
      return undefined;
  }
}
