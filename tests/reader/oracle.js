// An oracle for the reader: valid and broken random documents, judged by node's own JSON.
//   oracle.js make SEED COUNT > lines        half of them valid, half with one byte changed, removed or added
//   oracle.js judge LINES VERDICTS ECHO      compares "ok"/"bad" and the echoed objects with JSON.parse; prints differences
'use strict';
const fs = require('fs');

function random(seed) { // mulberry32
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function maker(next) {
  const below = (n) => Math.floor(next() * n);
  const pick = (list) => list[below(list.length)];
  const space = () => (below(6) ? '' : pick([' ', '  ', '\t', ' \t ']));
  const string = () => {
    let text = '"';
    for (let i = below(24); i > 0; i--)
      text += pick(['a', 'Z', '7', ' ', '/', '[heap]', 'é', '€', '𝄞', '\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\u00e9', '\\ud834\\udd1e', '\\b', '\\t', '\\u001b', '\u0080', 'xxxxxxxxxxxx']);
    return text + '"';
  };
  const number = () => pick(['0', '-0', String(below(100)), String(below(1e9)), String(below(2 ** 50)), '-' + below(1000), below(1000) + '.' + below(1000), below(9) + 'e' + below(20), below(9) + '.5E-' + below(9), '1.' + String(below(1e9)).padStart(9, '0')]);
  const value = (depth) => {
    const kind = below(depth > 4 ? 4 : 6);
    if (kind === 0) return string();
    if (kind === 1) return number();
    if (kind === 2) return pick(['true', 'false', 'null']);
    if (kind === 3) return number();
    const items = [];
    for (let i = below(5); i > 0; i--) items.push(kind === 4 ? value(depth + 1) : string() + space() + ':' + space() + value(depth + 1));
    const open = kind === 4 ? '[' : '{', close = kind === 4 ? ']' : '}';
    return open + space() + items.join(space() + ',' + space()) + space() + close;
  };
  const line = () => {
    const members = ['"type"' + space() + ':' + space() + pick(['"x"', '"mark"', '"event"'])];
    for (let i = below(8); i > 0; i--) members.splice(below(members.length + 1), 0, JSON.stringify('k' + i + pick(['', '\n', 'é'])) + space() + ':' + space() + value(0));
    return space() + '{' + space() + members.join(space() + ',' + space()) + space() + '}' + space();
  };
  const broken = (text) => {
    const at = below(text.length), letter = pick(['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '.', 'u', ' ', 'n', 't', '\u0001']);
    const kind = below(3);
    return text.slice(0, at) + (kind ? letter : '') + text.slice(at + (kind === 2 ? 0 : 1));
  };
  return (whole) => (whole ? line() : broken(line()));
}

// Half of a surrogate pair is no character: the reader makes it U+FFFD.
const lone = (json) => json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\ufffd');

function judge(lines, verdicts, echoes) {
  let wrong = 0;
  const tell = (i, what) => { if (wrong++ < 10) console.log(`line ${i + 1}: ${what}: ${JSON.stringify(lines[i])}`); };
  lines.forEach((line, i) => {
    let theirs;
    try { theirs = JSON.parse(line); } catch (error) { theirs = undefined; }
    const valid = theirs !== undefined && theirs !== null && typeof theirs === 'object' && !Array.isArray(theirs) && typeof theirs.type === 'string';
    const ours = verdicts[i] === 'ok';
    if (valid !== ours) return tell(i, `node says ${valid ? 'valid' : 'invalid'}, the reader "${verdicts[i]}"`);
    if (valid && JSON.stringify(JSON.parse(echoes[i])) !== lone(JSON.stringify(theirs))) tell(i, `other content ${echoes[i]}`);
  });
  console.log(`${lines.length} lines, ${wrong} wrong`);
  return wrong ? 1 : 0;
}

const [mode, ...args] = process.argv.slice(2);
const read = (file) => fs.readFileSync(file, 'utf8').replace(/\n$/, '').split('\n');
if (mode === 'make') {
  const make = maker(random(Number(args[0])));
  const out = [];
  for (let i = 0; i < Number(args[1]); i++) out.push(make(i % 2 === 0).replace(/\n/g, ' '));
  process.stdout.write(out.join('\n') + '\n');
} else {
  process.exit(judge(read(args[0]), read(args[1]), read(args[2])));
}
