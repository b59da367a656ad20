import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { schemaResource, type TableDefinition, tableResource } from '../table-resource.ts'

/** Run history: one row per ingest run, kept for ever. Counts are of elements unless said otherwise. */
const INGEST_RUNS: TableDefinition = {
  name: 'millrace.ingest_runs',
  columns: {
    run_id: 'text',
    run_type: 'text',
    /** The time for which the run was due (a schedule's tick), not when it began. */
    logical_time: 'timestamp with time zone',
    /** The interval of a schedule that this run is for: one run each. Null for a run by hand. */
    due_at: 'timestamp with time zone',
    state: 'text',
    /** How often it was begun; 0 for a skipped interval. */
    attempts: 'integer',
    /** Address of the API, without its query. */
    source: 'text',
    seed: 'text',
    first_page: 'integer',
    page_size: 'integer',
    pages: 'integer',
    pages_done: 'integer',
    requested: 'bigint',
    /** What the API returned. */
    fetched: 'bigint',
    staged: 'bigint',
    /** Staged ones whose uuid an earlier element of the same run has. */
    duplicates: 'bigint',
    /** Staged ones that jsonb can't hold, as text. */
    as_text: 'bigint',
    /** Requests that failed and were made again. */
    retries: 'bigint',
    error: 'text',
    /** When the latest attempt began. */
    started_at: 'timestamp with time zone',
    finished_at: 'timestamp with time zone',
  },
  constraints: {
    run_id: 'primary key',
    run_type: `not null default 'manual' check (run_type in ('scheduled', 'backfill', 'manual'))`,
    logical_time: 'not null',
    due_at: 'unique',
    state: `not null check (state in ('running', 'succeeded', 'failed', 'skipped'))`,
    attempts: 'not null default 1',
    source: 'not null',
    seed: 'not null',
    first_page: 'not null check (first_page > 0)',
    page_size: 'not null check (page_size > 0)',
    pages: 'not null check (pages > 0)',
    pages_done: 'not null default 0 check (pages_done between 0 and pages)',
    requested: 'not null generated always as (page_size::bigint * pages) stored',
    fetched: 'not null default 0',
    staged: 'not null default 0',
    duplicates: 'not null default 0',
    as_text: 'not null default 0',
    retries: 'not null default 0',
    started_at: 'not null default now()',
  },
}

/**
 * Every element the API returned. `payload_text` holds the ones that jsonb refuses (U+0000, lone surrogates, numbers
 * beyond numeric); then `payload` is null. `user_uuid` is cut at 64: an index entry has a largest size.
 */
const RANDOM_USERS: TableDefinition = {
  name: 'staging.random_users',
  columns: {
    id: 'bigint',
    run_id: 'text',
    payload: 'jsonb',
    payload_text: 'text',
    fetched_at: 'timestamp(3) with time zone',
    user_uuid: 'text',
  },
  constraints: {
    id: 'generated always as identity primary key',
    run_id: 'not null',
    payload_text: 'check ((payload is null) <> (payload_text is null))',
    fetched_at: 'not null',
    user_uuid: `generated always as (lower(left(payload -> 'login' ->> 'uuid', 64))) stored`,
  },
  also: [
    `create index if not exists random_users_newest on staging.random_users (user_uuid, fetched_at)`,
    `create index if not exists random_users_run on staging.random_users (run_id)`,
  ],
}

/** What `millrace apply` creates for ingest, in order. */
export function stagingResources(database: Database): readonly Resource[] {
  return [
    schemaResource(database, 'millrace'),
    schemaResource(database, 'staging'),
    tableResource(database, INGEST_RUNS),
    tableResource(database, RANDOM_USERS),
  ]
}
