/**
 * HTTP: the public interface of this folder.
 *
 * In: requests; the state, and what answers them, as `context.ts` lists it. Out: answers and streams; commands to the
 * master. Requests run in parallel. Only stored responses are kept between requests, in memory.
 *
 * 1. A foreign host or origin is refused in every mode; an API that is open to the network needs a key, or a session from a
 *    link that works once (`middleware/*.test.ts`).
 * 2. A body that is too deep, or has too many values, is refused before it is parsed (`json-depth.test.ts`,
 *    `json-scan.test.ts`).
 * 3. A fault of a body is told by field, and a field that nobody reads by its path (`invalid-fields.test.ts`,
 *    `answering/nested-ignored.test.ts`).
 * 4. The OpenAPI document describes every route, and no other (`openapi/openapi.test.ts`).
 */
export { startApi } from './server'
