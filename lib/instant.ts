const ISO_8601 = /^(\d{4}-\d{2}-\d{2})([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/

/** Reads an ISO 8601 date or time; in UTC unless it says otherwise, as Airflow reads them. Undefined for anything else. */
export function instant(text: string): Date | undefined {
  const [, day, , , , offset] = ISO_8601.exec(text) ?? []
  const date = new Date(offset === undefined && text.length > 10 ? `${text}Z` : text)
  // A day that a month does not have would roll over into the next one.
  const isDay = day !== undefined && new Date(day).toJSON()?.startsWith(day)
  return isDay && !Number.isNaN(date.getTime()) ? date : undefined
}
