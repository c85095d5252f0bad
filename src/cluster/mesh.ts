/**
 * Which servers there are routes to. Contract first: the types that routes and
 * the server see.
 */

export type { MeshHost, MeshOptions, MeshRoute } from "./mesh_host.ts";
export type { RouteTarget, RouteUrl } from "./route_url.ts";
