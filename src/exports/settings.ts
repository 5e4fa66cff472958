/** What an operator says for documents that leave the house; `moderation` in postern.yaml. */
export interface ExportSettings {
  /** Who reports to others; undefined: nobody does. */
  readonly abuseDesk: AbuseDesk | undefined
  /** Undefined: the Digital Services Act asks nothing of us. */
  readonly dsa: DsaSettings | undefined
}

export interface AbuseDesk {
  /** The organisation's name, at most 200 characters. */
  readonly organisation: string
  /** A mail address. */
  readonly mail: string
}

export interface DsaSettings {
  /** URIs of the rooms that are open to the public, or all of ours. */
  readonly rooms: 'all' | readonly string[]
  /** Where a decision holds that names no territory: ISO 3166-1 codes of the European Economic Area. */
  readonly territories: readonly string[]
  /** ISO 639-1, upper case. */
  readonly language: string | undefined
  /** Where the terms can be read. */
  readonly termsUrl: string | undefined
}
