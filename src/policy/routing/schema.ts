import { disclosureKinds, type DisclosureKind } from './vocabulary.ts'

/** The Cedar action for giving a receiver something of a report. */
export function routingAction(kind: DisclosureKind): string {
  return `receive:${kind}`
}

/** The text of policies/routing/routing.cedarschema: what policies about reports that go out can say. */
export function routingSchema(): string {
  const actions = disclosureKinds.map(
    (kind) => `action ${JSON.stringify(routingAction(kind))}
  appliesTo { principal: [${RECEIVERS[kind]}], resource: [Report], context: Circumstances };
`,
  )
  return `// Generated from src/policy/routing/vocabulary.ts; a test keeps it current.
entity Provider = {
  "domain": String,
  "trust": Long,               // 0 not known, 1 answers notices, 2 an agreement is signed, 3 the same operator
  "hostile": Bool,             // leaks reports, retaliates, or ignores the worst of them
  "singleUser": Bool           // one user, or its administrator is the reported one
};
entity Authority = { "kind": String };  // ncmec, police or regulator
entity RoomModerators;
entity Report = {
  "kind": String,              // message, user, room, system or appeal
  "category": String,
  "restricted": Bool,          // only few may hear of this category
  "verification": String,      // frank, relay-log, mls or none
  "hub": Provider,
  "senderProvider": Provider,
  "reporterProvider": Provider,
  "accusedProvider"?: Provider,    // the report is a complaint about it
  "accusedTeam"?: RoomModerators,
  "team"?: RoomModerators,     // those of the room whom the hub can reach
  "anonymitySet": Long,        // people that the receiver could take for the reporter
  "consentForward": Bool,
  "consentEvidence": Bool,
  "discloseReporter": Bool,
  "humanConfirmed": Bool,      // a person has confirmed the category
  "decided": Bool
};
type Circumstances = { "legalOrder": Bool };
${actions.join('')}`
}

/** Who can be asked about at all. */
const RECEIVERS: Readonly<Record<DisclosureKind, string>> = {
  notice: 'Provider, RoomModerators',
  evidence: 'Provider, RoomModerators, Authority',
  receipt: 'Provider',
  reporter: 'Provider, RoomModerators, Authority',
  counts: 'Provider, Authority',
}
