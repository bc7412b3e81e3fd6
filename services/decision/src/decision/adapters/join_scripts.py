"""The Lua scripts of the join: what must be atomic. Commands that Redis 7.0 and Valkey share; numbers below 2^53.

Every write of a record carries its place (`topic/partition`) and offset, and is applied with the position or not at
all: `HELD` answers what the state holds, -1 for nothing.
"""

_HELD = """
local function held(place) return tonumber(redis.call('HGET', KEYS[1], place) or '-1') end
"""
_SET_SIDE = """
local function set_side(prefix, id, side, text, deadline)
  local name = prefix .. 's:' .. id
  if redis.call('EXISTS', prefix .. 'd:' .. id) == 1 or redis.call('HEXISTS', name, 'verdict') == 1 then return end
  redis.call('HSETNX', name, side, text)
  if deadline ~= '' then
    redis.call('PERSIST', name)
    redis.call('ZADD', KEYS[2], 'NX', deadline, id)
  elseif redis.call('HEXISTS', name, 'captured') == 0 then
    redis.call('EXPIRE', name, %(orphan_s)d)
  end
end
"""
_SAY = """
local function say(prefix, id, keep_s)
  redis.call('SET', prefix .. 'd:' .. id, '1', 'EX', keep_s)
  redis.call('DEL', prefix .. 's:' .. id)
  redis.call('ZREM', KEYS[2], id)
end
"""
_STATE = """
local function state(prefix, id)
  if redis.call('EXISTS', prefix .. 'd:' .. id) == 1 then return {'published', '1'} end
  return redis.call('HGETALL', prefix .. 's:' .. id)
end
"""
_ORPHAN_S = {"orphan_s": 86_400}
"""An answer whose session never comes is dropped after a day [s]."""

PUT = (
    _HELD
    + _SET_SIDE % _ORPHAN_S
    + _STATE
    + """
local prefix, place, offset, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local at = held(place)
if offset > at then return {'behind'} end
if offset == at then
  redis.call('HSET', KEYS[1], place, offset + 1)
  set_side(prefix, id, ARGV[5], ARGV[6], ARGV[7])
end
return state(prefix, id)
"""
)
SAY = (
    _HELD
    + _SAY
    + """
local prefix, place, offset, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local at = held(place)
if offset > at then return 0 end
if offset == at then redis.call('HSET', KEYS[1], place, offset + 1) end
say(prefix, id, ARGV[5])
return 1
"""
)
REPLAY = (
    _HELD
    + _SET_SIDE % _ORPHAN_S
    + _SAY
    + """
local prefix, place, start, following, keep_s = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local at = held(place)
if at < start then return 0 end
local said = tonumber(ARGV[6])
for i = 7, 6 + said do say(prefix, ARGV[i], keep_s) end
for i = 7 + said, #ARGV, 4 do set_side(prefix, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
if following > at then redis.call('HSET', KEYS[1], place, following) end
return 1
"""
)
PUBLISHED = _SAY + "say(ARGV[1], ARGV[2], ARGV[3]) return 1"
VERDICT = """
if redis.call('EXISTS', ARGV[1] .. 'd:' .. ARGV[2]) == 1 then return false end
local name = ARGV[1] .. 's:' .. ARGV[2]
redis.call('HSETNX', name, 'verdict', ARGV[3])
return redis.call('HGET', name, 'verdict')
"""
DUE = (
    _HELD
    + _STATE
    + """
local prefix, until_ms, lease, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for i = 5, #ARGV, 2 do
  if held(ARGV[i]) < tonumber(ARGV[i + 1]) then return {ARGV[i], ARGV[i + 1]} end
end
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', until_ms, 'LIMIT', 0, count)) do
  redis.call('ZADD', KEYS[2], 'XX', lease, id)
  table.insert(found, {id, state(prefix, id)})
end
return found
"""
)
LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
END_LEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"
