/** One line of NDJSON: what happened, when, and the fields of it; see docs/events.md. */
export function eventLine(event: string, fields: object): string {
  return JSON.stringify({ event, at: new Date().toISOString(), ...fields });
}
