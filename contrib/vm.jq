# Functions for jq (1.6 and later) over the lines of vmpipe:  jq -n -L DIR 'include "vm"; ...' run.ndjson
# With -n, `inputs` is the stream. contrib/recipes.md shows what they are good for.
#
# Numbers of jq are doubles: exact to 2^53, and beyond it where enough low bits are 0. So every address of user space on x86-64 and
# arm64 (below 2^47 to 2^52) is exact, and every multiple of 4096 up to 2^64, hence every start and end of a region, [vsyscall] too.
# What would not be exact is an error, never a wrong number; but jq 1.6 prints 17 digits at most, so print addresses by hex. For any address: addr_add, addr_diff, and plain comparison of
# the strings, which sort as addresses do.

# ---- addresses ----

def _digits: explode | map(if . >= 97 then . - 87 elif . >= 65 then . - 55 else . - 48 end);
def _value: reduce _digits[] as $d (0; . * 16 + $d);

# The full form of an address as people write it: "7f12a000", "0x7F12A000" -> "0x000000007f12a000".
def address:
  (tostring | ascii_downcase | ltrimstr("0x")) as $d
  | if ($d | test("^[0-9a-f]{1,16}$")) then "0x" + ("0000000000000000" + $d)[-16:] else error("\(.) is no address") end;

# Its upper and lower half as numbers.
def _halves: address | [(.[2:10] | _value), (.[10:18] | _value)];

# "0x..." -> number; an error where no double is exact.
def addr:
  . as $text | _halves as [$high, $low]
  | if $high < 2097152 or $low % 4096 == 0 then $high * 4294967296 + $low
    else error("\($text) is not exact as a number of jq: use addr_add, addr_diff, or compare the strings") end;

# number -> "0x..."
def hex:
  if type != "number" or . < 0 or . >= 18446744073709551616 or floor != . then error("\(.) is no address") else . end
  | [limit(16; recurse(. / 16 | floor))] | map(. - 16 * (. / 16 | floor)) | reverse
  | map(if . < 10 then . + 48 else . + 87 end) | "0x" + implode;

# "0x..." | addr_add(4096), addr_add(-1): exact for any address; around 2^64 it is an error.
def addr_add($n):
  _halves as [$high, $low] | ($low + $n) as $sum | ($sum / 4294967296 | floor) as $carry
  | if $high + $carry < 0 or $high + $carry >= 4294967296 then error("beyond the address space") else . end
  | ($high + $carry | hex)[10:] + ($sum - $carry * 4294967296 | hex)[10:] | "0x" + .;

# "0x..." | addr_diff("0x..."): the first less the second, in bytes; exact below 2^53, and between pages.
def addr_diff($from):
  (_halves) as [$h1, $l1] | ($from | _halves) as [$h2, $l2] | ($h1 - $h2) * 4294967296 + ($l1 - $l2);

# ---- lines ----

# Only lines of a type, of a process, of a kind, or regions that hold an address.
def of($type): select(.type == $type);
def in_pid($pid): select(.pid == $pid);
def in_kind($kind): select(.kind == $kind);
def at($where): ($where | address) as $a | select(.start and .start <= $a and $a < .end);

# The regions of all processes after the lines: key frames set them, changes change them.
# {"PID": {"ID": region}}. Regions of a stream that was not tracked have no ids: their start takes that place.
def _region: del(.type, .event, .act, .was, .from, .gone, .cause, .seq);
def replay(lines):
  reduce lines as $l ({};
    ($l.pid | tostring) as $p
    | if $l.type == "stream" then {}
      elif $l.type == "snapshot" then .frame = {pid: $p, seq: $l.seq, first: true}
      elif $l.type == "region" then
        # the first region of a snapshot takes the place of all that was there
        (if .frame.first and .frame.pid == $p and .frame.seq == $l.seq then .state[$p] = {} | .frame.first = false else . end)
        | .state[$p][($l.id // $l.start) | tostring] = ($l | _region)
      elif $l.type == "change" then
        reduce (($l.gone // [])[] | tostring) as $id (.; del(.state[$p][$id]))
        | if $l.event == "MUNMAP_REMOVE" or $l.event == "EXIT" then del(.state[$p][$l.id | tostring])
          else .state[$p][$l.id | tostring] = ($l | _region) end
      else . end)
  | .state // {};

# The lines up to a moment, and the regions that are there then, by address.
def until_t($t; lines): lines | select(.t <= $t or .type == "stream");
def regions_at($t; lines): [replay(until_t($t; lines))[][]] | sort_by(.start);

# ---- sums ----

# An array of regions by anything: [{"key", "regions", "size", "rss" ...}], the largest first. A sum of which nothing is known is left out.
def _sum(f): map(f | values) | if length > 0 then add else empty end;
def sum_by(f):
  group_by(f) | map(
    {key: (.[0] | f), regions: length, size: (map(.size) | add)}
    + ({rss: _sum(.rss)} // {}) + ({pss: _sum(.pss)} // {}) + ({dirty: _sum(.dirty)} // {}) + ({swap: _sum(.swap)} // {}))
  | sort_by(-.size, .key);
def sums: sum_by(.kind);

# The n largest by a measure, of those of which it is known.
def top($n; f): map(select(f != null)) | sort_by(-f, .start) | .[:$n];

# Resident bytes over time: [t, pid, rss], a row for each look that found a change. Snapshots have it; a `same` look leaves it.
def rss_over_time(lines): lines | of("snapshot") | [.t, .pid, .rss];

# How often each event, and acts, not lines: [{"event", "acts", "lines"}].
def causes(lines):
  [lines | of("change")] | group_by(.event)
  | map({event: .[0].event, acts: (map([.pid, .act]) | unique | length), lines: length}) | sort_by(-.lines, .event);

# Changes by the call behind them, where a tracing source has told it; else "unknown".
def calls(lines):
  [lines | of("change")] | group_by(.cause.call // "unknown")
  | map({call: (.[0].cause.call // "unknown"), acts: (map([.pid, .act]) | unique | length), lines: length}) | sort_by(-.lines, .call);

# What may be leaking: regions that came while it was recorded and have not gone, and those that were there and have grown. A process that
# has ended is taken as it was just before. `by`: how many bytes more than at first sight; `since`: when it came. The largest first.
def _birth($p; $l):
  if $l.event == "FORK" or $l.event == "EXEC_REBUILD" then {size: $l.size, t: null}
  else
    # a piece of what was there before is as old as that
    ([($l.from // [])[] | tostring | select(. != ($l.id | tostring))] | first) as $from
    | .born[$p][$from // ""] as $parent
    | if $parent == null then {size: 0, t: $l.t} elif $parent.t == null then {size: $l.size, t: null} else {size: 0, t: $parent.t} end
  end;
def leaks(lines):
  reduce lines as $l ({};
    ($l.pid | tostring) as $p | ($l.id | tostring) as $id
    | if $l.type == "stream" then {}
      elif $l.type == "process" and ($l.why == "exec" or $l.why == "reused") then del(.born[$p], .last[$p])
      elif $l.type == "region" then
        .born[$p][$id] //= {size: $l.size, t: null} | .last[$p][$id] = ($l | _region)
      elif $l.type == "change" and $l.event != "EXIT" then
        reduce (($l.gone // [])[] | tostring) as $gone (.; del(.last[$p][$gone]))
        | if $l.event == "MUNMAP_REMOVE" then del(.last[$p][$id])
          else .born[$p][$id] //= _birth($p; $l) | .last[$p][$id] = ($l | _region) end
      else . end)
  | .born as $born
  | [(.last // {}) | to_entries[] | .key as $p | .value | to_entries[]
     | $born[$p][.key] as $b | .value + {since: $b.t, by: (.value.size - $b.size)} | select(.by > 0)]
  | sort_by(-.by, .start);

# Two arrays of regions: what came, what went, and what is not the same, found again by id or else by start and name.
def _same: (.id // [.start, .name]) | tojson;
def region_diff($a; $b):
  ($a | map({key: _same, value: .}) | from_entries) as $old | ($b | map({key: _same, value: .}) | from_entries) as $new
  | { came: [$b[] | select($old[_same] == null)],
      went: [$a[] | select($new[_same] == null)],
      changed: [$b[] | . as $now | $old[_same] // empty | . as $was
                | ($now | del(.t)) as $n | ($was | del(.t)) as $w | select($n != $w)
                | {id: $now.id, start: $now.start, name: $now.name,
                   members: ([$n | keys[]] + [$w | keys[]] | unique | map(select($n[.] != $w[.]))
                             | map({key: ., value: [$w[.], $n[.]]}) | from_entries)}] };

# ---- for people ----

# 1536 -> "1.5 KiB"; as the pictures write it.
def human:
  if . < 1024 then "\(.) B"
  else . as $n | [["KiB", 1024], ["MiB", 1048576], ["GiB", 1073741824], ["TiB", 1099511627776], ["PiB", 1125899906842624]]
    | map(select($n >= .[1])) | last as [$unit, $size]
    | ($n * 10 / $size | round) as $tenths
    | "\($tenths / 10 | floor).\($tenths % 10) \($unit)" end;

# A region in a line: address, size, resident, permissions, kind, name; for jq -r. Names are shown as JSON where they hold what a terminal obeys.
def _shown: if . == null then "" elif test("[\u0000-\u001f\u007f-\u009f]") then tojson else . end;
def row: [.start, (.size | human), (if .rss == null then "?" else .rss | human end), .perms // "", .kind // "", (.name | _shown)] | join("  ");
