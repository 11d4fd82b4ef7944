/** What can be set while the broker runs. */
export type SettingKind = "user" | "vhost" | "policy" | "global_parameter";

/** A setting: of a virtual host, or with an empty `vhost` of the broker. Names are octets. */
export interface SettingKey {
  readonly kind: SettingKind;
  readonly vhost: string;
  readonly name: string;
}

/** Settings that outlive the broker, each a JSON value. A broker in memory keeps none. */
export interface DurableSettings {
  /** @throws {ConnectionError} 541 when the disk refuses it; nothing is changed then */
  put(key: SettingKey, value: unknown): void;
  /** @throws {ConnectionError} 541 */
  remove(key: SettingKey): void;
  /**
   * Removes a virtual host with all that is kept in it, its settings and messages included.
   * @throws {ConnectionError} 541
   */
  removeVHost(name: string): void;
  /** Makes several changes or none. @throws {ConnectionError} 541 */
  together(change: () => void): void;
}
