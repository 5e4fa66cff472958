import { countsAction, moderationActions, moderatorRoles } from './vocabulary.ts'

/** The text of policies/moderation/moderation.cedarschema: what policies about moderators can say. */
export function moderationSchema(): string {
  const roles = moderatorRoles.map((role) => JSON.stringify(role)).join(', ')
  const actions = moderationActions.map((action) => JSON.stringify(action)).join(',\n  ')
  return `// Generated from src/policy/moderation/vocabulary.ts; a test keeps it current.
entity Role enum [${roles}];
entity Queue;
entity Moderator in [Role, Queue] = {
  "exposuresLeft": Long,  // how often this person may still look at media today
  "onBreak": Bool
};
entity Case = {
  "queue": Queue,
  "childSafety": Bool,
  "media": Bool,          // may hold pictures, sound or film
  "legalHold": Bool,
  "irreversible": Bool,   // the decision in question cannot be taken back
  "holder"?: Moderator,   // of the lease, and only while it runs
  "decider"?: Moderator,
  "approver"?: Moderator,
  "accused"?: Moderator   // the moderator that the case is about
};
entity Counts;            // what was counted of all cases together
type Circumstances = {
  "mfa": Bool,            // a second factor was shown
  "purpose": String       // why, in the moderator's words; empty where none was given
};
action
  ${actions}
  appliesTo { principal: [Moderator], resource: [Case], context: Circumstances };
action ${JSON.stringify(countsAction)}
  appliesTo { principal: [Moderator], resource: [Counts], context: Circumstances };
`
}
