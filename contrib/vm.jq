# Functions for jq (1.6 and later) over the lines of vmpipe:  jq -n -L DIR 'include "vm"; ...' run.ndjson
# With -n, `inputs` is the stream. contrib/recipes.md shows examples.
#
# Numbers of jq are doubles: exact to 2^53, and beyond if enough low bits are 0. Every address of user space on x86-64 and arm64
# (below 2^47 to 2^52) is exact. So is every multiple of 4096 up to 2^64, hence every start and end of a region, even [vsyscall].
# An inexact number is an error, never a wrong number. jq 1.6 prints at most 17 digits: print addresses with hex.
# addr_add, addr_diff and comparison of the strings work for any address: the strings sort as the addresses do.

# ---- addresses ----

def _digits: explode | map(if . >= 97 then . - 87 elif . >= 65 then . - 55 else . - 48 end);
def _value: reduce _digits[] as $d (0; . * 16 + $d);

# Expands an address to its full form: "7f12a000", "0x7F12A000" -> "0x000000007f12a000".
def address:
  (tostring | ascii_downcase | ltrimstr("0x")) as $d
  | if ($d | test("^[0-9a-f]{1,16}$")) then "0x" + ("0000000000000000" + $d)[-16:] else error("\(.) is no address") end;

# Upper and lower half of an address as numbers.
def _halves: address | [(.[2:10] | _value), (.[10:18] | _value)];

# "0x..." -> number; an error if no double is exact.
def addr:
  . as $text | _halves as [$high, $low]
  | if $high < 2097152 or $low % 4096 == 0 then $high * 4294967296 + $low
    else error("\($text) is not exact as a number of jq: use addr_add, addr_diff, or compare the strings") end;

# number -> "0x..."
def hex:
  if type != "number" or . < 0 or . >= 18446744073709551616 or floor != . then error("\(.) is no address") else . end
  | [limit(16; recurse(. / 16 | floor))] | map(. - 16 * (. / 16 | floor)) | reverse
  | map(if . < 10 then . + 48 else . + 87 end) | "0x" + implode;

# "0x..." | addr_add(4096), addr_add(-1): exact for any address; beyond 2^64 an error.
def addr_add($n):
  _halves as [$high, $low] | ($low + $n) as $sum | ($sum / 4294967296 | floor) as $carry
  | if $high + $carry < 0 or $high + $carry >= 4294967296 then error("beyond the address space") else . end
  | ($high + $carry | hex)[10:] + ($sum - $carry * 4294967296 | hex)[10:] | "0x" + .;

# "0x..." | addr_diff("0x..."): the first minus the second, in bytes; exact below 2^53, and between page addresses.
def addr_diff($from):
  (_halves) as [$h1, $l1] | ($from | _halves) as [$h2, $l2] | ($h1 - $h2) * 4294967296 + ($l1 - $l2);

# ---- lines ----

# Select lines by type, process or kind, or regions that contain an address.
def of($type): select(.type == $type);
def in_pid($pid): select(.pid == $pid);
def in_kind($kind): select(.kind == $kind);
def at($where): ($where | address) as $a | select(.start and .start <= $a and $a < .end);

# Replays lines to the regions of all processes: {"PID": {"ID": region}}. Key frames set regions, changes modify them.
# Regions of an untracked stream have no ids: their start serves as ID.
def _region: del(.type, .event, .act, .was, .from, .gone, .cause, .seq);
# A heap that brk shrank to nothing ends where it starts.
def _removes: .event == "MUNMAP_REMOVE" or .event == "EXIT" or (.event == "BRK_SHRINK" and .start == .end);
def replay(lines):
  reduce lines as $l ({};
    ($l.pid | tostring) as $p
    | if $l.type == "stream" then {}
      elif $l.type == "snapshot" then .frame = {pid: $p, seq: $l.seq, first: true}
      elif $l.type == "region" then
        # the first region of a snapshot replaces all earlier regions
        (if .frame.first and .frame.pid == $p and .frame.seq == $l.seq then .state[$p] = {} | .frame.first = false else . end)
        | .state[$p][($l.id // $l.start) | tostring] = ($l | _region)
      elif $l.type == "change" then
        reduce (($l.gone // [])[] | tostring) as $id (.; del(.state[$p][$id]))
        | if $l | _removes then del(.state[$p][$l.id | tostring])
          else .state[$p][$l.id | tostring] = ($l | _region) end
      else . end)
  | .state // {};

# The lines up to a moment, and the regions at that moment, sorted by address.
def until_t($t; lines): lines | select(.t <= $t or .type == "stream");
def regions_at($t; lines): [replay(until_t($t; lines))[][]] | sort_by(.start);

# ---- sums ----

# Sums an array of regions by any key: [{"key", "regions", "size", "rss" ...}], the largest first. Unknown sums are left out.
def _sum(f): map(f | values) | if length > 0 then add else empty end;
def sum_by(f):
  group_by(f) | map(
    {key: (.[0] | f), regions: length, size: (map(.size) | add)}
    + ({rss: _sum(.rss)} // {}) + ({pss: _sum(.pss)} // {}) + ({dirty: _sum(.dirty)} // {}) + ({swap: _sum(.swap)} // {}))
  | sort_by(-.size, .key);
def sums: sum_by(.kind);

# The n largest regions by a measure; regions without the measure are left out.
def top($n; f): map(select(f != null)) | sort_by(-f, .start) | .[:$n];

# Resident bytes over time: [t, pid, rss], a row for each sample with a change. A `same` sample has no snapshot.
def rss_over_time(lines): lines | of("snapshot") | [.t, .pid, .rss];

# Counts acts and lines of each event: [{"event", "acts", "lines"}].
def causes(lines):
  [lines | of("change")] | group_by(.event)
  | map({event: .[0].event, acts: (map([.pid, .act]) | unique | length), lines: length}) | sort_by(-.lines, .event);

# Counts acts and lines by the call that caused them; "unknown" without a tracing source.
def calls(lines):
  [lines | of("change")] | group_by(.cause.call // "unknown")
  | map({call: (.[0].cause.call // "unknown"), acts: (map([.pid, .act]) | unique | length), lines: length}) | sort_by(-.lines, .call);

# Possible leaks: regions that appeared during the recording and still exist, and earlier regions that have grown. A process that
# has ended counts as just before its end. `by`: growth in bytes since the first sample; `since`: time of appearance. The largest first.
def _birth($p; $l):
  if $l.event == "FORK" or $l.event == "EXEC_REBUILD" then {size: $l.size, t: null}
  else
    # a piece of an earlier region is as old as that region
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
        | if $l | _removes then del(.last[$p][$id])
          else .born[$p][$id] //= _birth($p; $l) | .last[$p][$id] = ($l | _region) end
      else . end)
  | .born as $born
  | [(.last // {}) | to_entries[] | .key as $p | .value | to_entries[]
     | $born[$p][.key] as $b | .value + {since: $b.t, by: (.value.size - $b.size)} | select(.by > 0)]
  | sort_by(-.by, .start);

# Compares two arrays of regions: came, went and changed. Regions are matched by id, or without ids by start and name.
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

# 1536 -> "1.5 KiB", as in the pictures.
def human:
  if . < 1024 then "\(.) B"
  else . as $n | [["KiB", 1024], ["MiB", 1048576], ["GiB", 1073741824], ["TiB", 1099511627776], ["PiB", 1125899906842624]]
    | map(select($n >= .[1])) | last as [$unit, $size]
    | ($n * 10 / $size | round) as $tenths
    | "\($tenths / 10 | floor).\($tenths % 10) \($unit)" end;

# A region as a line for jq -r: address, size, resident, permissions, kind, name. Names with terminal control characters are shown as JSON.
def _shown: if . == null then "" elif test("[\u0000-\u001f\u007f-\u009f]") then tojson else . end;
def row: [.start, (.size | human), (if .rss == null then "?" else .rss | human end), .perms // "", .kind // "", (.name | _shown)] | join("  ");
