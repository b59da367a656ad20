import type pg from 'pg'

/**
 * Settings under which PostgreSQL turns values into text. The stream, the snapshot and the look-up of single rows
 * all use them, so that one row always has one text, whatever the server, role or database defaults are.
 */
export const TEXT_SETTINGS = [
  "SET client_encoding = 'UTF8'",
  "SET datestyle = 'ISO, MDY'",
  "SET timezone = 'UTC'",
  "SET intervalstyle = 'postgres'",
  "SET bytea_output = 'hex'",
  'SET extra_float_digits = 1',
  // A row-level policy would leave rows out of the snapshot; this makes it an error.
  'SET row_security = off',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
].join('; ')

const asText = (text: string) => text

/** Leaves every value of a result as the text PostgreSQL sent. */
export const AS_TEXT: pg.CustomTypesConfig = { getTypeParser: () => asText }
