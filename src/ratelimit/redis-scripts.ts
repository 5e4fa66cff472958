// Each call is one script, so it is atomic, and goes by the server's clock, so that nodes whose clocks
// differ agree. Arguments: four per key: interval in ms, burst, cost, and a letter for its mode. A key
// expires when its bucket is full. The arithmetic is that of gcra.ts.

const START = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function keep(i, tat)
  redis.call('SET', KEYS[i], string.format('%.4f', tat), 'PX', math.max(1, math.ceil(tat - now)))
end
local function bucket(i)
  local at = (i - 1) * 4
  local b = { interval = tonumber(ARGV[at + 1]), burst = tonumber(ARGV[at + 2]), mode = ARGV[at + 4] }
  b.cost = math.min(tonumber(ARGV[at + 3]), b.burst) * b.interval
  b.fill = b.burst * b.interval
  local tat = tonumber(redis.call('GET', KEYS[i]) or now)
  b.start = math.min(math.max(tat, now), now + b.fill)
  -- A clock that was set back, or a rate that was lowered, locks nobody out for longer than a bucket fills.
  if tat > b.start then keep(i, b.start) end
  return b
end
local function left(b, tat)
  return math.floor(math.max(0, b.burst - (tat - now) / b.interval) * 1000)
end
`

/**
 * Takes all or none. Answers {1, low, shadowed}, where `low` has place and thousandths of units of each
 * bucket below \`LOW_SHARE\`, and \`shadowed\` places; or {0, place, wait in ms, thousandths of units}.
 */
export const takeScript = `${START}
local low_share = tonumber(ARGV[#KEYS * 4 + 1])
local buckets, spent, low, shadowed = {}, {}, {}, {}
local worst, wait = 0, 0
for i = 1, #KEYS do
  local b = bucket(i)
  buckets[i] = b
  local after = b.start + b.cost
  local over = after - b.fill - now
  local peeks = b.mode == 'p' or b.mode == 'P'
  local shadows = b.mode == 'S' or b.mode == 'P'
  if over <= math.min(0.05 * b.interval, 0.5) then
    if not peeks then spent[i] = after end
    local kept = peeks and b.start or after
    if kept - now > (1 - low_share) * b.fill then
      low[#low + 1] = i
      low[#low + 1] = left(b, kept)
    end
  elseif shadows then
    shadowed[#shadowed + 1] = i
  elseif over > wait then
    worst, wait = i, over
  end
end
if worst > 0 then
  return { 0, worst, math.ceil(wait), left(buckets[worst], buckets[worst].start) }
end
for i, after in pairs(spent) do keep(i, after) end
return { 1, low, shadowed }`

/** Takes whatever is there. */
export const chargeScript = `${START}
for i = 1, #KEYS do
  local b = bucket(i)
  keep(i, math.min(b.start + b.cost, now + b.fill))
end
return 1`

/** What each bucket holds, in thousandths of units. */
export const lookScript = `${START}
local lefts = {}
for i = 1, #KEYS do
  local b = bucket(i)
  lefts[i] = left(b, b.start)
end
return lefts`
