// The calls of the API, by the types that are generated from its document.

import type { components, paths } from "ticketing-openapi";

type Method = "get" | "post" | "patch";

/** The paths that have this method. */
export type Paths<M extends Method> = {
  [P in keyof paths]: [paths[P][M]] extends [never] ? never : P;
}[keyof paths];

/** A path as a program writes it: with a value in place of each parameter. */
export type Written<P extends string> = P extends `${infer Start}{${string}}${infer End}`
  ? `${Start}${string}${Written<End>}`
  : P;

/** The paths of the document that a program may mean. */
type Meant<T extends string, M extends Method> = {
  [P in Paths<M>]: T extends Written<P> ? P : never;
}[Paths<M>];

export type Relative<P extends string> = P extends `/${infer Rest}` ? Rest : never;

export type Body<P extends Paths<M>, M extends "post" | "patch" = "post"> = paths[P][M] extends {
  requestBody: { content: { "application/json": infer Sent } };
}
  ? Sent
  : never;

/** The names of the parameters of a path. */
type Names<P extends string> = P extends `${string}{${infer Name}}${infer End}` ? Name | Names<End> : never;

/** Values of the parameters of a path, as a program has them. */
export type Ids<P extends string> = Record<Names<P>, string | number>;

/** What may be asked of a path, as it is written. */
export type Query<P extends Paths<"get">> = paths[P]["get"] extends { parameters: { query?: infer Asked } }
  ? { [Name in keyof Asked]: string | number }
  : never;

type Succeeded<Operation> = Operation extends { responses: infer All }
  ? All[keyof All & (200 | 201)]
  : never;

export type Answer<P extends Paths<M>, M extends Method> =
  Succeeded<paths[P][M]> extends { content: { "application/json": infer Said } } ? Said : never;

export type Get = <T extends Written<Paths<"get">>>(path: T) => Promise<Answer<Meant<T, "get">, "get">>;

export type Post = <P extends Paths<"post">>(
  path: P,
  body: Body<P>,
  headers?: Record<string, string>,
) => Promise<Answer<P, "post">>;

export type Problem = components["schemas"]["Problem"];
export type Event = components["schemas"]["EventAnswer"];
export type Ticket = components["schemas"]["TicketAnswer"];
export type Admissions = components["schemas"]["AdmissionsAnswer"];
export type SoldTicket = components["schemas"]["SoldTicket"];
