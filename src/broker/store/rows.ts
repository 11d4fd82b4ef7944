// deno-lint-ignore-file camelcase -- columns of the database
/**
 * Rows as the tables of schema.ts have them. Names are octets, one a character; `arguments` is a
 * field table as the wire has it.
 */
import type { SettingKind } from "../durable_settings.ts";

export interface ExchangeRow {
  vhost: string;
  name: string;
  type: string;
  auto_delete: number;
  internal: number;
  arguments: Uint8Array;
}

export interface QueueRow {
  id: number;
  vhost: string;
  name: string;
  auto_delete: number;
  arguments: Uint8Array;
  delivered_up_to: number;
}

export interface BindingRow {
  vhost: string;
  source: string;
  to_queue: number;
  destination: string;
  routing_key: string;
  arguments: Uint8Array;
}

export interface SettingRow {
  kind: SettingKind;
  vhost: string;
  name: string;
  value: string;
}

export interface MessageRow {
  id: number;
  queue: number;
  expires_at: number | null;
  body_at: number;
  bytes: Uint8Array;
  delivery_count: number;
  checksum: number | null;
}
