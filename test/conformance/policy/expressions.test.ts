import {
  isAuthorized,
  policyToJson,
  templateToJson,
  type EntityJson,
} from '@cedar-policy/cedar-wasm/nodejs'
import { expect, test } from 'vitest'
import { authorize } from '../../../src/policy/compile/authorize.ts'
import { compilePolicySet } from '../../../src/policy/compile/compile-policy.ts'
import { entitiesFromJson } from '../../../src/policy/compile/entities.ts'
import { withExactIntegers } from '../../../src/policy/compile/exact-integers.ts'
import { valueFromJson } from '../../../src/policy/compile/json-values.ts'
import { createPolicyIndex } from '../../../src/policy/compile/policy-index.ts'
import { entityUid } from '../../../src/policy/compile/values.ts'

const entities: EntityJson[] = [
  {
    uid: { type: 'User', id: 'ann' },
    attrs: {
      age: 30,
      name: 'Ann',
      address: { city: 'Bern', zip: { code: 3000 } },
      friends: [1, 2],
    },
    parents: [{ type: 'Group', id: 'staff' }],
    tags: { team: 'red' },
  },
  { uid: { type: 'Group', id: 'staff' }, attrs: {}, parents: [{ type: 'Group', id: 'all' }] },
  { uid: { type: 'Group', id: 'all' }, attrs: {}, parents: [] },
]
const context = {
  yes: true,
  n: 7,
  max: 7,
  text: 'a*b😀',
  when: { __extn: { fn: 'datetime', arg: '1969-12-31T23:00:00Z' } },
  ip: { __extn: { fn: 'ip', arg: '10.1.2.3/16' } },
}

/** Decision, reasons and errors of one permit, by Cedar and by us. */
function both(condition: string) {
  const text = `permit (principal, action, resource) when { ${condition} };`
  const parsed = policyToJson(text)
  if (parsed.type === 'failure') throw new Error(`does not parse: ${condition}`)
  const cedar = isAuthorized({
    principal: { type: 'User', id: 'ann' },
    action: { type: 'Action', id: 'view' },
    resource: { type: 'Photo', id: 'unknown' },
    context,
    entities,
    policies: { staticPolicies: { p: text } },
  })
  if (cedar.type === 'failure') throw new Error(`not answered: ${condition}`)
  const { decision, diagnostics } = cedar.response
  const set = { policies: new Map([['p', withExactIntegers(text, parsed.json)]]) }
  return {
    ours: ask(set),
    cedars: {
      decision,
      reason: diagnostics.reason,
      errors: diagnostics.errors.map((error) => error.policyId),
    },
  }
}

function ask(set: Parameters<typeof compilePolicySet>[0]) {
  const known = valueFromJson(context)
  if (typeof known !== 'object' || known.kind !== 'record') throw new Error('no record')
  const request = {
    principal: entityUid('User', 'ann'),
    action: entityUid('Action', 'view'),
    resource: entityUid('Photo', 'unknown'),
    context: known,
    entities: entitiesFromJson(entities),
  }
  return authorize(createPolicyIndex(compilePolicySet(set)).candidates(request), request)
}

test.each(
  `
9007199254740993 == 9007199254740992
9007199254740993 == 9007199254740992 + 1
-9223372036854775808 < 0
-(-9223372036854775808) > 0
-9223372036854775808 - 1 < 0
9223372036854775807 + 1 > 0
9223372036854775807 + -1 == 9223372036854775806
4611686018427387904 * 2 > 0
4611686018427387904 * -2 == -9223372036854775808
3037000500 * 3037000500 > 0
3037000499 * 3037000499 == 9223372030926249001
0 * -1 == 0
-0 == 0
1 == "1"
1 != true
1 < true
"a" < "b"
!1
true && 1
false && 1
true || 1
1 || true
if 1 then true else true
if context.yes then true else 1
if context.yes then 1 else true
context.absent
context has absent
context has n && context.n >= 7
principal has address.zip.code
principal has address.street.number
principal has name.first
principal has age.years
resource has anything
resource.anything
resource has any.thing
context has when.x
principal.address.zip.code == 3000
principal.address == {zip: {code: 3000}, city: "Bern"}
{"__proto__": 1} == {}
{"__proto__": 1}.__proto__ == 1
{a: 1} has a
{a: 1 + true} has a
principal in Group::"all"
principal in Group::"none"
principal in [Group::"none", Group::"all"]
principal in [Group::"all", 1]
principal in []
principal in "x"
1 in principal
resource in resource
principal is User
principal is Group
principal is User in Group::"staff"
principal is User in [Group::"none"]
principal is Group in 1
principal is User in 1
1 is User
principal.hasTag("team")
principal.getTag("team") == "red"
principal.getTag("none") == "red"
principal.hasTag(1)
resource.hasTag("team")
resource.getTag("team") == "red"
context.hasTag("team")
context.text like "a\\**"
context.text like "a*b"
context.text like "*b*😀"
context.text like "a*b😀*"
context.text like "**"
context.text like ""
"" like ""
"" like "*"
"aa" like "a*a"
"a" like "a*a"
"aab" like "*ab"
"abab" like "*ab*ab"
"ab" like "*ab*ab"
context.n like "*"
[1, 2, 2].contains(2)
[[1], [2, 1]] == [[1, 2], [1, 1]]
[1, 2] == [2, 1, 1]
[1, true, "x"].contains("x")
[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].contains(10)
[User::"a", User::"ann", principal].contains(principal)
[{a: [1]}].contains({a: [1, 1]})
principal.friends.containsAll([2])
principal.friends.containsAll([])
principal.friends.containsAny([])
principal.friends.containsAny([5, 1])
principal.friends.containsAll(2)
principal.age.contains(2)
[].isEmpty()
principal.friends.isEmpty()
"".isEmpty()
decimal("1.5").lessThan(decimal("1.50001"))
decimal("1.5") == decimal("1.50")
decimal("-0.0") == decimal("0.0")
decimal("922337203685477.5807").greaterThan(decimal("-922337203685477.5808"))
decimal("922337203685477.5808") == decimal("0.0")
decimal("1.") == decimal("1.0")
decimal(".5") == decimal("0.5")
decimal("1.0").lessThanOrEqual(decimal("1.0"))
decimal("1.0").greaterThanOrEqual(decimal("1.1"))
decimal("1.0") < decimal("1.1")
decimal(1) == 1
decimal("1.0", "2.0") == 1
ip("127.0.0.1").isLoopback()
ip("127.0.0.1/7").isLoopback()
ip("::1").isLoopback()
ip("::1/127").isLoopback()
ip("224.0.0.1/4").isMulticast()
ip("ff00::/8").isMulticast()
ip("ff00::/7").isMulticast()
ip("::ffff:1.2.3.4") == ip("1.2.3.4")
ip("1:2:3:4:5:6:7::") == ip("1:2:3:4:5:6:7:0")
ip("::") == ip("0:0:0:0:0:0:0:0")
ip(":::") == ip("::")
ip("1::2::3").isIpv6()
ip("01.2.3.4").isIpv4()
ip("1.2.3.4/032").isIpv4()
ip("1.2.3.4/33").isIpv4()
ip("1.2.3").isIpv4()
ip("1.2.3.4").isIpv4() && ip("::").isIpv6()
context.ip.isInRange(ip("10.0.0.0/8"))
ip("10.0.0.0/8").isInRange(context.ip)
ip("10.1.9.9").isInRange(context.ip)
context.ip.isInRange(ip("::/0"))
context.ip.isInRange("10.0.0.0/8")
ip("10.1.2.3/16") == ip("10.1.2.4/16")
ip("0.0.0.0/0").isInRange(ip("0.0.0.0/0"))
datetime("2024-02-29") < datetime("2024-03-01")
datetime("2023-02-29") < datetime("2024-03-01")
datetime("1900-02-29") < datetime("2024-03-01")
datetime("0000-02-29") < datetime("2024-03-01")
datetime("0099-01-01") < datetime("0100-01-01")
datetime("2024-01-01T00:00:00+0100") == datetime("2023-12-31T23:00:00Z")
datetime("2024-01-01T00:00:00.001-2359") > datetime("2024-01-01")
datetime("2024-01-01T00:00:00+2400") > datetime("2024-01-01")
datetime("2024-01-01T24:00:00Z") > datetime("2024-01-01")
datetime("2024-01-01T00:00:60Z") > datetime("2024-01-01")
datetime("2024-01-01T00:00:00") > datetime("2024-01-01")
datetime("2024-01-01T00:00:00.1Z") > datetime("2024-01-01")
datetime("2024-13-01") > datetime("2024-01-01")
context.when.toDate() == datetime("1969-12-31")
context.when.toTime() == duration("23h")
context.when.offset(duration("1h")) == datetime("1970-01-01")
context.when.durationSince(datetime("1970-01-01")) == duration("-1h")
context.when.offset(duration("9223372036854775807ms")) > context.when
context.when.offset(duration("-9223372036854775808ms")) < context.when
context.when < duration("1h")
duration("1d2h3m4s5ms").toMilliseconds() == 93784005
duration("-1d").toHours() == -24
duration("-90s").toMinutes() == -1
duration("36h").toDays() == 1
duration("1500ms").toSeconds() == 1
duration("").toDays() == 0
duration("-").toDays() == 0
duration("1s1m").toDays() == 0
duration("9223372036854775807ms") > duration("0ms")
duration("9223372036854775808ms") > duration("0ms")
duration("106751991168d") > duration("0ms")
duration("1ms") <= duration("1ms") && duration("2ms") >= duration("1ms")
`
    .trim()
    .split('\n'),
)('Cedar and we agree on %s', (condition) => {
  const { ours, cedars } = both(condition)
  expect(ours).toEqual(cedars)
})

function link(newId: string, group: string) {
  return {
    templateId: 't',
    newId,
    values: {
      '?principal': { type: 'Group', id: group },
      '?resource': { __entity: { type: 'Photo', id: 'unknown' } },
    },
  }
}

test('a linked template answers for its slots', () => {
  const template = templateToJson(
    'forbid (principal in ?principal, action, resource == ?resource);',
  )
  if (template.type === 'failure') throw new Error('does not parse')
  const templates = new Map([['t', template.json]])
  const links = [link('near', 'all'), link('far', 'others')]
  expect(ask({ policies: new Map(), templates, links })).toEqual({
    decision: 'deny',
    reason: ['near'],
    errors: [],
  })
})
